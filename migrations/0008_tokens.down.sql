-- Closes the second door, and signs out everything that came through it.

drop table personal_tokens;
drop table refresh_tokens;
delete from sessions where kind = 'api';
alter table sessions
    drop column kind,
    drop column name,
    alter column token_hash set not null;

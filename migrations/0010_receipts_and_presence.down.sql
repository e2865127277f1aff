-- Goes back to one watermark for reading, and to people without contacts.

create index members_user_id_idx on members (user_id);
drop index members_user_id_conversation_id_idx;
drop index blocks_blocked_id_idx;
drop table contacts;
alter table users drop column invisible;
alter table members drop column seen_up_to_seq, drop column unread_from_seq, drop column joined_seq;

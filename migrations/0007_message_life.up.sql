-- What a message needs to be reacted to at no cost for those that nobody reacted to.

-- Whether there may be rows in `reactions`: a page of history then looks only where there is something.
alter table messages add column reacted boolean not null default false;
update messages m set reacted = true where exists (select from reactions r where r.message_id = m.id);

-- Goes back to looking at the rows.

create index members_user_id_idx on members (user_id);
drop index members_user_id_conversation_id_idx;

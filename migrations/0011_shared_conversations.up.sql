-- Whether two people share a conversation is asked for everybody on a screen: found in the index alone.

create index members_user_id_conversation_id_idx on members (user_id, conversation_id);
drop index members_user_id_idx;

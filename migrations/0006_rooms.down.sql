-- Goes back to conversations that can't be listed, counted, left or muted.

drop table blocks;
alter table invites drop column conversation_id;
drop table departures;
alter table members drop column muted_until;
drop index conversations_deleted_at_idx;
drop index conversations_name_terms_idx;
drop index conversations_public_idx;
drop index conversations_room_name_key;
alter table conversations drop column name_terms, drop column name_key, drop column members_count;

-- Removes every message and all that hangs on one.

drop table pins;
drop table mentions;
drop table reactions;
drop table message_edits;
drop table messages;

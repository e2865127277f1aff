-- Removes every account, session and invitation.

drop table invites;
drop table sessions;
drop table users;

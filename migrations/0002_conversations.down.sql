-- Removes every conversation and membership.

drop table members;
drop table conversations;

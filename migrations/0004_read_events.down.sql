-- Removes the steps; the watermarks themselves stay with the members.

drop table read_events;

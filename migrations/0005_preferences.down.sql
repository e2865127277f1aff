-- Goes back to what the environment says.

drop table preferences;

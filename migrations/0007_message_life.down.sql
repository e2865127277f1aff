-- Goes back to messages of which one has to look whether there are reactions.

alter table messages drop column reacted;

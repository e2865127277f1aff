-- Who reacted first, without looking at all who did: a message in a large room may have ten thousand reactions.

create index reactions_order_idx on reactions (message_id, emoji, created_at, user_id);

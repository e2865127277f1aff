-- Each step that a member's read-up-to took, with its time: "who read this message, and when" follows exactly
-- from the first step that reached its sequence number, at one row per step and not one per message.

create table read_events (
    conversation_id uuid not null references conversations on delete cascade,
    user_id uuid not null references users on delete cascade,
    up_to_seq bigint not null check (up_to_seq > 0),
    read_at timestamptz not null default now(),
    primary key (conversation_id, user_id, up_to_seq)
);

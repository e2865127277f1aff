-- Messages in their sequence, and what people add to them.

create table messages (
    id uuid primary key,
    conversation_id uuid not null references conversations on delete cascade,
    seq bigint not null check (seq > 0),
    -- The conversation's revision at this message's latest change.
    revision bigint not null check (revision >= seq),
    sender_id uuid not null references users,
    client_message_id uuid not null,
    content text not null check (char_length(content) <= 20000),
    content_type text not null default 'text' check (content_type in ('text', 'system')),
    -- The message before it has the same sender and is less than five minutes older.
    continues boolean not null,
    reply_to uuid references messages on delete set null,
    created_at timestamptz not null default now(),
    edited_at timestamptz,
    deleted_at timestamptz,
    -- A person's device sends under one id for ever; a second try finds the first.
    unique (sender_id, client_message_id),
    -- History, in order and without a gap.
    unique (conversation_id, seq),
    -- What changed after a revision, for a device that comes back.
    unique (conversation_id, revision)
);

create table message_edits (
    message_id uuid not null references messages on delete cascade,
    revision bigint not null,
    content text not null,
    edited_at timestamptz not null default now(),
    primary key (message_id, revision)
);

create table reactions (
    message_id uuid not null references messages on delete cascade,
    user_id uuid not null references users on delete cascade,
    emoji text not null check (char_length(emoji) between 1 and 32),
    created_at timestamptz not null default now(),
    primary key (message_id, emoji, user_id)
);

-- In the order that answers "how many mentions after what I have read".
create table mentions (
    conversation_id uuid not null references conversations on delete cascade,
    user_id uuid not null references users on delete cascade,
    seq bigint not null,
    primary key (conversation_id, user_id, seq)
);

create table pins (
    conversation_id uuid not null references conversations on delete cascade,
    message_id uuid not null references messages on delete cascade,
    pinned_by uuid not null references users,
    pinned_at timestamptz not null default now(),
    primary key (conversation_id, message_id)
);

-- Conversations of the three kinds, and who is in them, with what each person has received and read.

create table conversations (
    id uuid primary key,
    kind text not null check (kind in ('direct', 'group', 'room')),
    name text check (char_length(name) between 1 and 80),
    topic text check (char_length(topic) <= 250),
    visibility text not null default 'private' check (visibility in ('public', 'private')),
    -- The two people of a direct conversation, the smaller id first: one row per pair, whoever starts it.
    direct_low uuid references users,
    direct_high uuid references users,
    created_by uuid not null references users,
    last_seq bigint not null default 0 check (last_seq >= 0),
    revision bigint not null default 0 check (revision >= last_seq),
    last_sender_id uuid references users,
    last_message_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    archived_at timestamptz,
    deleted_at timestamptz,
    unique (direct_low, direct_high),
    check ((kind = 'direct') = (direct_low is not null and direct_high is not null)),
    check (direct_low < direct_high),
    check (kind <> 'room' or name is not null),
    check (kind = 'room' or visibility = 'private')
) with (fillfactor = 70);
-- Room is left in each page, because the row moves with every message and should be rewritten in place.

create table members (
    conversation_id uuid not null references conversations on delete cascade,
    user_id uuid not null references users on delete cascade,
    role text not null default 'member' check (role in ('owner', 'admin', 'member')),
    notify text not null default 'all' check (notify in ('all', 'mentions', 'none')),
    -- Overrides the person's own setting where it is not null.
    read_receipts_enabled boolean,
    delivered_up_to_seq bigint not null default 0 check (delivered_up_to_seq >= 0),
    read_up_to_seq bigint not null default 0 check (read_up_to_seq >= 0),
    joined_at timestamptz not null default now(),
    primary key (conversation_id, user_id)
) with (fillfactor = 70);

-- The conversation list of a person, and what a socket listens to.
create index members_user_id_idx on members (user_id);

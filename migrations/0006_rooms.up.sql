-- Groups and rooms: how many are in them, how they are found, who has left, links that lead into one, and who is blocked.

alter table conversations
    -- Kept in the transactions that change who is in: a count over ten thousand members would be too slow for a list.
    add column members_count integer not null default 0 check (members_count >= 0),
    -- The name as it is compared: two rooms whose names look the same are not two rooms.
    add column name_key text,
    -- Every word of name and topic, for the search among public rooms.
    add column name_terms tsvector not null generated always as (
        array_to_tsvector(array_remove(
            string_to_array(lower(coalesce(name, '') || ' ' || coalesce(topic, '')), ' '), ''
        ))
    ) stored;

update conversations c set members_count = (select count(*) from members m where m.conversation_id = c.id);

create unique index conversations_room_name_key on conversations (name_key) where kind = 'room' and deleted_at is null;
-- The list of public rooms, by name.
create index conversations_public_idx on conversations (name_key, id)
    where kind = 'room' and visibility = 'public' and deleted_at is null;
create index conversations_name_terms_idx on conversations using gin (name_terms)
    where kind = 'room' and visibility = 'public' and deleted_at is null;
-- Conversations that were deleted lately, for the sockets that may not have heard of it.
create index conversations_deleted_at_idx on conversations (deleted_at) where deleted_at is not null;

-- While it is muted, a conversation's messages neither notify nor count in the window's title.
alter table members add column muted_until timestamptz;

-- Who left or was removed lately: what an open socket may not have heard of, when the news of it was lost.
create table departures (
    conversation_id uuid not null references conversations on delete cascade,
    user_id uuid not null references users on delete cascade,
    left_at timestamptz not null default now(),
    primary key (conversation_id, user_id)
);
create index departures_left_at_idx on departures (left_at);

-- A link that leads into a room, and lets in who has no account yet where registration is by invitation.
alter table invites add column conversation_id uuid references conversations on delete cascade;
create index invites_conversation_id_idx on invites (conversation_id) where conversation_id is not null;

-- Who wants to hear nothing from whom: neither may start a direct conversation or add the other to a group.
create table blocks (
    blocker_id uuid not null references users on delete cascade,
    blocked_id uuid not null references users on delete cascade,
    created_at timestamptz not null default now(),
    primary key (blocker_id, blocked_id),
    check (blocker_id <> blocked_id)
);

-- People, the devices they are signed in on, and the links that invite others.

create table users (
    id uuid primary key,
    email text not null check (char_length(email) between 3 and 254),
    username text not null unique check (username ~ '^[a-z0-9]([a-z0-9._-]{0,30}[a-z0-9])?$'),
    display_name text not null check (char_length(display_name) between 1 and 80),
    role text not null default 'member' check (role in ('owner', 'admin', 'member', 'bot')),
    password_hash text,
    read_receipts_enabled boolean not null default true,
    presence_sharing text not null default 'everyone' check (presence_sharing in ('everyone', 'contacts', 'nobody')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    last_seen_at timestamptz,
    deactivated_at timestamptz,
    -- Every word of the names, for "ka lo" to find Karin Lopez. Made by hand and not by a text search parser,
    -- which would take "karin.lopez" for the name of a host.
    name_terms tsvector not null generated always as (
        array_to_tsvector(array_remove(string_to_array(lower(username || ' ' || display_name), ' '), ''))
    ) stored
);

-- Signing in, and that an address is registered once, however it is capitalised.
create unique index users_email_key on users (lower(email));
-- accounts.queries.find_people
create index users_name_terms_idx on users using gin (name_terms);

create table sessions (
    id uuid primary key,
    -- SHA-256 of the token in the cookie: who reads this table can't sign in with it.
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    user_id uuid not null references users on delete cascade,
    data jsonb not null default '{}',
    user_agent text not null default '' check (char_length(user_agent) <= 400),
    address inet,
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at timestamptz not null
);

-- The device list of a person, and signing out everywhere.
create index sessions_user_id_idx on sessions (user_id);
-- The worker's removal of expired sessions.
create index sessions_expires_at_idx on sessions (expires_at);

create table invites (
    id uuid primary key,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    created_by uuid not null references users on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    max_uses integer check (max_uses > 0),
    uses integer not null default 0 check (uses >= 0),
    revoked_at timestamptz,
    check (max_uses is null or uses <= max_uses)
);

-- The second door: devices that hold tokens instead of a cookie, and tokens that people make for their programs.

-- A device of the API is a session as well: it stands in the list of devices, and ends in the same ways. It has no
-- token of a cookie, so that nothing in a cookie could ever find it.
alter table sessions
    add column kind text not null default 'browser' check (kind in ('browser', 'api')),
    -- What the device calls itself, where it does.
    add column name text check (char_length(name) between 1 and 80),
    alter column token_hash drop not null,
    add check ((kind = 'browser') = (token_hash is not null));

-- Every refresh token of a session, the used ones too: one that comes back a second time was stolen, by one of the two.
-- It lives as long as its session, which each refresh lets live its full time again.
create table refresh_tokens (
    -- SHA-256 of the token.
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    session_id uuid not null references sessions on delete cascade,
    created_at timestamptz not null default now(),
    used_at timestamptz
);
create index refresh_tokens_session_id_idx on refresh_tokens (session_id);
-- The worker's removal of used ones that would have expired by now.
create index refresh_tokens_used_at_idx on refresh_tokens (used_at) where used_at is not null;

create table personal_tokens (
    id uuid primary key,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    user_id uuid not null references users on delete cascade,
    name text not null check (char_length(name) between 1 and 80),
    scopes text[] not null check (scopes <@ array['read', 'write'] and cardinality(scopes) > 0),
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    -- Null: never. One that has expired stays in the list until its owner removes it.
    expires_at timestamptz
);
-- The list in the settings page.
create index personal_tokens_user_id_idx on personal_tokens (user_id);

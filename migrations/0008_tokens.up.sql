-- The second door: devices that hold tokens instead of a cookie, and tokens that people make for their programs.

-- A device of the API is a session as well: it stands in the list of devices, and ends in the same ways.
alter table sessions add column kind text not null default 'browser' check (kind in ('browser', 'api'));

-- Every refresh token of a session, the used ones too: one that comes back a second time was stolen, by one of the two.
create table refresh_tokens (
    -- SHA-256 of the token.
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    session_id uuid not null references sessions on delete cascade,
    created_at timestamptz not null default now(),
    used_at timestamptz
);
create index refresh_tokens_session_id_idx on refresh_tokens (session_id);

create table personal_tokens (
    id uuid primary key,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    user_id uuid not null references users on delete cascade,
    name text not null check (char_length(name) between 1 and 80),
    scopes text[] not null check (scopes <@ array['read', 'write'] and cardinality(scopes) > 0),
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz
);
-- The list in the settings page.
create index personal_tokens_user_id_idx on personal_tokens (user_id);

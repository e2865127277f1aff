-- What the owner has decided in the settings page; the environment says what holds until then.

create table preferences (
    name text primary key check (name in ('registration')),
    value text not null,
    changed_by uuid references users on delete set null,
    changed_at timestamptz not null default now()
);

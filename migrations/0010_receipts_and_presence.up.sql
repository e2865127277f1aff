-- Who receives what from when on, what is marked as unread by hand, who is in whose contacts, and who may see whom.

alter table members
    -- The conversation's last message when the person came in: what is older was not sent to them.
    add column joined_seq bigint not null default 0 check (joined_seq >= 0),
    -- "Mark as unread from here": the person's own marker, which moves no receipt.
    add column unread_from_seq bigint check (unread_from_seq > 0),
    -- What unread is counted from.
    add column seen_up_to_seq bigint not null generated always as (least(read_up_to_seq, unread_from_seq - 1)) stored;

-- Looks offline to everybody else.
alter table users add column invisible boolean not null default false;

-- Two people, the smaller id first: asked by one of them, and contacts from when the other has accepted.
create table contacts (
    low uuid not null references users on delete cascade,
    high uuid not null references users on delete cascade,
    requested_by uuid not null,
    requested_at timestamptz not null default now(),
    accepted_at timestamptz,
    primary key (low, high),
    check (low < high),
    check (requested_by in (low, high))
);
-- The list of a person's contacts, from the other side.
create index contacts_high_idx on contacts (high);
-- Who has blocked a person: what is told to that person leaves the blocker out.
create index blocks_blocked_id_idx on blocks (blocked_id);

-- Whether two people share a conversation is asked for everybody on a screen: found in the index alone.
create index members_user_id_conversation_id_idx on members (user_id, conversation_id);
drop index members_user_id_idx;

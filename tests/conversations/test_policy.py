"""Who may do what: the policy as a table, and what it says to whom it refuses."""

import pytest

from chat.conversations.access import Deed, Standing
from chat.conversations.model import Kind, MemberRole, Visibility
from chat.errors import Forbidden
from chat.ids import new_id

# One line for each kind of conversation and deed: who may. o: owner, a: admin, m: member.
TABLE = """
    deed                  direct   group    public   private
    read                  m        oam      oam      oam
    send                  m        oam      oam      oam
    react                 m        oam      oam      oam
    pin                   m        oam      oam      oam
    add_people            -        oam      oam      oa
    remove_people         -        oa       oa       oa
    rename                -        oa       oa       oa
    change_visibility     -        -        o        o
    change_roles          -        o        o        o
    make_links            -        -        oa       oa
    archive               -        o        o        o
    delete                -        o        o        o
    delete_any_message    -        -        oa       oa
    leave                 -        oam      oam      oam
"""
KINDS: list[tuple[Kind, Visibility]] = [
    ("direct", "private"),
    ("group", "private"),
    ("room", "public"),
    ("room", "private"),
]
ROLES: dict[str, MemberRole] = {"o": "owner", "a": "admin", "m": "member"}
CASES = [
    (deed, kind, visibility, role, letter in who)
    for deed, *columns in (line.split() for line in TABLE.strip().splitlines()[1:])
    for (kind, visibility), who in zip(KINDS, columns, strict=True)
    for letter, role in ROLES.items()
]


def in_a(kind: Kind, visibility: Visibility, role: MemberRole, **state: bool) -> Standing:
    return Standing(new_id(), kind, visibility, role, **state)


def test_the_table_speaks_of_every_deed() -> None:
    assert {case[0] for case in CASES} == set(Deed)


@pytest.mark.parametrize(("deed", "kind", "visibility", "role", "allowed"), CASES)
def test_who_may_do_what(deed: str, kind: Kind, visibility: Visibility, role: MemberRole, allowed: bool) -> None:
    standing = in_a(kind, visibility, role)
    assert standing.may(Deed(deed)) is allowed
    if allowed:
        standing.require(Deed(deed))
    else:
        with pytest.raises(Forbidden):
            standing.require(Deed(deed))


@pytest.mark.parametrize("deed", [Deed.SEND, Deed.REACT, Deed.PIN, Deed.RENAME, Deed.ADD_PEOPLE, Deed.MAKE_LINKS])
def test_nothing_is_added_to_what_is_archived(deed: Deed) -> None:
    assert in_a("room", "public", "owner").may(deed)
    with pytest.raises(Forbidden, match="archived"):
        in_a("room", "public", "owner", archived=True).require(deed)


@pytest.mark.parametrize("deed", [Deed.READ, Deed.LEAVE, Deed.REMOVE_PEOPLE, Deed.ARCHIVE, Deed.DELETE])
def test_what_is_archived_can_be_read_left_and_taken_out_again(deed: Deed) -> None:
    in_a("room", "public", "owner", archived=True).require(deed)


def test_a_member_gets_no_more_rights_when_it_is_archived() -> None:
    assert not in_a("group", "private", "member", archived=True).may(Deed.ARCHIVE)


def test_two_of_whom_one_has_blocked_the_other_can_only_read() -> None:
    blocked = in_a("direct", "private", "member", blocked=True)
    assert [deed for deed in Deed if blocked.may(deed)] == [Deed.READ]
    with pytest.raises(Forbidden, match="blocked"):
        blocked.require(Deed.SEND)


def test_a_refusal_says_who_could() -> None:
    with pytest.raises(Forbidden, match="Only owners and admins of this room"):
        in_a("room", "private", "member").require(Deed.ADD_PEOPLE)
    with pytest.raises(Forbidden, match="Only owners of this group"):
        in_a("group", "private", "admin").require(Deed.DELETE)

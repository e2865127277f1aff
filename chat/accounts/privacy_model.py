"""What people let others know of them. Pure: no database."""

from typing import Literal, TypeAlias

import msgspec

PresenceSharing: TypeAlias = Literal["everyone", "contacts", "nobody"]


class PrivacySettings(msgspec.Struct, frozen=True):
    """What a person shares with others. Who doesn't share what they have read isn't told of others' reading either. To
    be invisible is to look offline to everybody, whoever presence is shared with."""

    read_receipts_enabled: bool
    presence_sharing: PresenceSharing
    invisible: bool

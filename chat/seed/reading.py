"""When people looked at what others had written."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from chat.seed.happenings import Did, Said

# Who sees nothing new for so long has read all that there is; the more people, the longer until each of them has.
_ATTENTION = timedelta(minutes=3)


def looks(
    said: Sequence[Said | Did], reader: str, *, after: int, unread: int, share: float, people: int, now: datetime
) -> Iterator[tuple[int, datetime]]:
    """Each step that this person's read-up-to took because of looking: up to which number, and when.

    The person came after the message `after`, and hasn't seen the last `unread`. One's own message moves the watermark
    without a step, because what came before it has been read by then. `share`, between 0 and 1, is how late this one is
    among the `people`.
    """
    attention = _ATTENTION * (people - 1)
    last = len(said) - unread
    for seq, one in enumerate(said[after:last], start=after + 1):
        if one.by == reader:
            continue
        following = said[seq] if seq < len(said) else None
        gap = (following.at if following else now) - one.at
        answers = following is not None and following.by == reader
        if answers or seq == last or gap > attention:
            yield seq, one.at + min(attention, gap) * share

"""What a room or a group may be called, and what may be said about it."""

from chat.errors import Conflict, ValidationFailed
from chat.names import check_name, look_of, mixes_alphabets

NAME_MAX = 80
TOPIC_MAX = 250


def check_room_name(raw: str) -> tuple[str, str]:
    """The name as it is shown, and as it is compared: two rooms whose names look the same are not two rooms.

    Raises `ValidationFailed`.
    """
    name = _checked("name", raw, longest=NAME_MAX, missing="A room needs a name.")
    if mixes_alphabets(name):
        raise _wrong("name", "A word can't have letters of two alphabets that look alike.")
    key = look_of(name)
    if not key.strip():
        raise _wrong("name", "There has to be something that can be seen.")
    return name, key


def check_group_name(raw: str) -> str | None:
    """None for a group without a name. Raises `ValidationFailed`."""
    return _checked("name", raw, longest=NAME_MAX, missing="") if raw.strip() else None


def check_topic(raw: str) -> str | None:
    """None for no topic. Raises `ValidationFailed`."""
    return _checked("topic", raw, longest=TOPIC_MAX, missing="") if raw.strip() else None


def name_taken(name: str) -> Conflict:
    """For the second room whose name looks like this."""
    sentence = f"There is a room called “{name}” already, or one whose name looks the same."
    return Conflict(sentence, fields={"name": sentence})


def _checked(field: str, raw: str, *, longest: int, missing: str) -> str:
    try:
        return check_name(raw, longest=longest, missing=missing)
    except ValueError as problem:
        raise _wrong(field, str(problem)) from None


def _wrong(field: str, sentence: str) -> ValidationFailed:
    return ValidationFailed(sentence, fields={field: sentence})

"""What can be a name: of a person, of a room. Which names look the same, and how they are searched."""

import re
import unicodedata

# More than the longest name has, however its letters are composed and whatever blanks stand around it.
NAME_MAX = 1000
MARKS_IN_A_ROW = 4
# In characters. A few single ones become eighteen when they are taken apart, and an index holds 2,704 bytes.
KEY_MAX = 400

SEARCH_MAX = 80
SEARCH_WORDS = 6

# Joiners shape words in Persian and in the scripts of India, and hold some emoji together. Every other invisible
# format character is refused, above all those that turn the direction of what follows.
_JOINERS = frozenset("\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")
# Letters and symbols by their category, and yet there is nothing to see.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")

# Joiners, and marks that only choose between shapes of the same character.
_UNSEEN = re.compile("[\u034f\u180b-\u180d\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_DASHES = "\u058a\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b_"
_ALIKE = str.maketrans(
    # Letters of other alphabets that look like ours in small, or in capitals.
    dict(zip("авеёкмнорстухіїјѕһԁԛԝӏ", "abeëkmhopctyxiïjshdqwl", strict=True))
    | dict(zip("αβεζηικμνορτυχϲ", "abezhikmnoptyxc", strict=True))
    | dict(zip("\u0131\u0251\u026101|", "iagoll", strict=True))
    | dict.fromkeys(_DASHES, "-")
    | dict.fromkeys("\u2018\u2019\u02bc`\u00b4\u2032", "'")
    | dict.fromkeys("\u201c\u201d\u2033", '"')
)
_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")


def normal_form(raw: str) -> str:
    """Normal form C, in which the same letters are the same characters.

    Only of what could be a name: the time that it takes grows with the square of the marks on one letter.
    """
    return unicodedata.normalize("NFC", raw) if len(raw) <= NAME_MAX else raw


def check_name(raw: str, *, longest: int, missing: str) -> str:
    """In normal form C, with single spaces. Raises `ValueError` with a sentence for people, `missing` where there is
    nothing."""
    name = " ".join(normal_form(raw).split())
    if not name:
        raise ValueError(missing)
    if len(name) > longest:
        raise ValueError(f"At most {longest} characters fit here.")
    if any(_is_refused(character) for character in name):
        raise ValueError("Characters that are invisible or change the direction of writing can't stand here.")
    if not any(unicodedata.category(character)[0] in "LNPS" and character not in _BLANKS for character in name):
        raise ValueError("There has to be something that can be seen.")
    if _longest_run_of_marks(name) > MARKS_IN_A_ROW:
        raise ValueError("That is more accents on one letter than fit in a line.")
    return name


def _is_refused(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Cc", "Cs", "Co", "Zl", "Zp") or (category == "Cf" and character not in _JOINERS)


def _longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character)[0] == "M" else 0
        longest = max(longest, run)
    return longest


def mixes_alphabets(name: str) -> bool:
    """Whether a word has letters of two alphabets that look alike, as nobody writes who doesn't want to deceive."""
    for word in re.findall(r"\w+", name):
        names = [unicodedata.name(character, "") for character in word]
        if sum(any(name.startswith(script) for name in names) for script in _SCRIPTS) > 1:
            return True
    return False


def look_of(name: str) -> str:
    """The same text for names that look the same: without case, without what can't be seen, and with the letters of
    one alphabet in place of those that look like them in another."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return _UNSEEN.sub("", plain).translate(_ALIKE)[:KEY_MAX]


def search_words(text: str) -> list[str]:
    """The words to search names for, without what no name holds; at most `SEARCH_WORDS`."""
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cs") else " " for c in normal_form(text[:SEARCH_MAX]))
    return [word for word in (word.lstrip("@#") for word in kept.split()) if word][:SEARCH_WORDS]


def search_terms(words: list[str]) -> str:
    """The tsquery, to be lowered by the database, that finds names in which each of the words begins one."""
    return " & ".join(_quoted_prefix(word) for word in words)


def _quoted_prefix(word: str) -> str:
    """One term of a tsquery that means exactly this text, whatever is in it, and all that begins with it."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "':*"

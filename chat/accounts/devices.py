"""What a device calls itself, in words: "Firefox on Linux"."""

import re
import unicodedata

USER_AGENT_MAX = 400

# The first that is found counts: most browsers also name those that they want to be taken for.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("FxiOS", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)

# How a program begins that is no browser: "curl/8.5.0".
_PROGRAM = re.compile(r"(?!Mozilla/)([A-Za-z][A-Za-z0-9._-]{1,40})/")


def describe_device(user_agent: str) -> str:
    """Browser and system as far as they can be told, or the program's own name; never empty."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    program = _PROGRAM.match(user_agent)
    return browser or system or (program[1] if program else "Unknown device")


def clean_user_agent(raw: str) -> str:
    """What may be stored of the header: text without control characters or stray bytes, 400 characters at most."""
    return "".join(c for c in raw if unicodedata.category(c)[0] != "C")[:USER_AGENT_MAX]

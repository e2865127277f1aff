"""The emoji that a page offers: the usual ones, and all others by their names. Pure: no database, no clock."""

from dataclasses import dataclass
from functools import cache

# As many as fit onto a few screens of the picker.
MOST_FOUND = 72

_USUAL = {
    "Faces": "😀 😄 😁 😂 🤣 😅 😊 🙂 🙃 😉 😍 🥰 😘 😎 🤓 🧐 🤔 🤨 😐 😬 🙄 😴 😮 😳 🥺 😢 😭 😤 😡 😱 🤯 🥳 🤗 🫡",
    "Hands": "👍 👎 👌 ✌️ 🤞 🤝 👏 🙌 🙏 💪 👋 ✋ 🤙 👆 👇 👈 👉 ☝️ 🤷 🤦 🙋 🙇 👀 🧠",
    "Signs": "❤️ 🧡 💛 💚 💙 💜 🖤 💔 ✅ ❌ ❓ ❗ 💯 ⭐ ✨ 🔥 ⚡ 🎯 💡 ⚠️ 🚫 🔴 🟡 🟢",
    "Work": "🚀 🎉 🎊 🏆 🥇 📌 📎 📅 ⏰ ⏳ 🔒 🔑 🔧 🛠️ 🐛 💻 📱 📦 📈 📉 🧪 📝 ✏️ 🗑️ 🔍 🔔 💬 📣 🚢 🚧",
    "Nature and food": "☀️ 🌧️ ❄️ 🌈 🌱 🌻 🍀 🌍 🐶 🐱 🦊 🐢 🦄 🐝 ☕ 🍵 🍺 🍷 🥂 🍕 🥐 🍎 🍪 🍰 🎂 🌮",
}


@dataclass(frozen=True, slots=True)
class Emoji:
    """One emoji, and what it is called in English."""

    character: str
    name: str


@dataclass(frozen=True, slots=True)
class EmojiGroup:
    """Emoji that stand together under a title; what was found by a search has none."""

    title: str
    emoji: list[Emoji]


def offer(query: str) -> list[EmojiGroup]:
    """What to show for a query: the usual ones in groups where it is empty, else what was found, if anything."""
    words = query.lower().replace("_", " ").replace(":", " ").split()
    if not words:
        return _usual()
    found = [(rank, emoji) for emoji, names in _names() if (rank := _rank(words, names)) is not None]
    found.sort(key=lambda pair: (pair[0], len(pair[1].name)))
    return [EmojiGroup("", [emoji for _, emoji in found[:MOST_FOUND]])] if found else []


def _rank(words: list[str], names: tuple[str, ...]) -> int | None:
    """How well the words match, 0 being best; None where one of them begins no word of a name."""
    query = " ".join(words)
    if query in names:
        return 0
    if any(name.startswith(query) for name in names):
        return 1
    parts = [part for name in names for part in name.split()]
    return 2 if all(any(part.startswith(word) for part in parts) for word in words) else None


@cache
def _usual() -> list[EmojiGroup]:
    known = {emoji.character: emoji for emoji, _ in _names()}
    return [EmojiGroup(title, [known[character] for character in row.split()]) for title, row in _USUAL.items()]


@cache
def _names() -> list[tuple[Emoji, tuple[str, ...]]]:
    """Each emoji with all that it is called, without the shades of skin."""
    # Loads 5,000 names: no process has them before somebody reacts.
    from emoji import EMOJI_DATA, STATUS

    shades = tuple(chr(code) for code in range(0x1F3FB, 0x1F400))
    return [
        (Emoji(character, _words(data["en"])), tuple(_words(name) for name in (data["en"], *data.get("alias", ()))))
        for character, data in EMOJI_DATA.items()
        if data["status"] == STATUS["fully_qualified"] and not any(shade in character for shade in shades)
    ]


def _words(name: str) -> str:
    return name.strip(":").replace("_", " ").replace("-", " ").lower()

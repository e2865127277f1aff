"""What a device has heard of those who type."""

from uuid import UUID

from tests.device import Device, Frame


def typing(device: Device) -> list[Frame]:
    """What a device has heard of it."""
    return [frame for frame in device.frames if frame["type"].startswith("typing:")]


async def look_at(device: Device, conversation_id: UUID) -> None:
    """Open a conversation, and hear who is typing there already: who begins after that is told of once."""
    await device.watch(conversation_id)
    await device.answered()


async def told_before(device: Device, other: Device, conversation_id: UUID, text: str) -> None:
    """Wait until a device has heard all that came before a message which is sent now."""
    await other.send(conversation_id, text)
    await device.expect("message:received")

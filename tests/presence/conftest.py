"""People who want to know who is there."""

from uuid import UUID

from tests.device import Device


async def watching(device: Device, *user_ids: UUID) -> Device:
    """These people are on screen."""
    await device.say("presence:watch", user_ids=list(user_ids))
    return device

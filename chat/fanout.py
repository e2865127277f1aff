"""What follows from each event: who is told in this process, and on which channel the other processes hear of it."""

from collections.abc import Callable
from typing import Any

from chat.events import (
    ContactsChanged,
    ConversationChanged,
    ConversationListed,
    ConversationRemoved,
    Event,
    MessageCreated,
    MessageDeleted,
    MessageUpdated,
    PersonChanged,
    ReceiptCountsChanged,
    ReceiptMoved,
    SessionsRevoked,
    TypingStarted,
    TypingStopped,
)
from chat.realtime.bus import Bus
from chat.realtime.hub import Hub

CHANNELS: dict[type[Event], Callable[[Any], str]] = {
    MessageCreated: lambda event: f"chat:conversation:{event.message.conversation_id}",
    MessageUpdated: lambda event: f"chat:conversation:{event.message.conversation_id}",
    MessageDeleted: lambda event: f"chat:conversation:{event.message.conversation_id}",
    ReceiptMoved: lambda event: f"chat:conversation:{event.conversation_id}",
    ReceiptCountsChanged: lambda event: f"chat:conversation:{event.conversation_id}",
    PersonChanged: lambda event: f"chat:user:{event.user_id}",
    ContactsChanged: lambda event: f"chat:user:{event.user_id}",
    ConversationListed: lambda event: f"chat:user:{event.user_id}",
    ConversationChanged: lambda event: f"chat:conversation:{event.conversation_id}",
    ConversationRemoved: lambda event: f"chat:conversation:{event.conversation_id}",
    SessionsRevoked: lambda event: f"chat:user:{event.user_id}",
    TypingStarted: lambda event: f"chat:conversation:{event.conversation_id}",
    TypingStopped: lambda event: f"chat:conversation:{event.conversation_id}",
}


def fan_out(event: Event, *, hub: Hub, bus: Bus) -> None:
    """Tell this process's devices at once, and the other processes soon. Never waits and never fails."""
    hub.emit(event)
    bus.publish(CHANNELS[type(event)](event), event)

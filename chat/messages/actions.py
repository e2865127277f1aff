"""What people do with messages."""

from uuid import UUID

from chat.db import Connection
from chat.ids import new_id
from chat.messages import queries
from chat.messages.model import Draft, HistoryPage, Sent, check_content
from chat.messages.writer import Writer, message_of
from chat.services import Services

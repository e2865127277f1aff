"""A self-hosted chat: messages, receipts and presence that tell the truth."""

__version__ = "0.1.0"

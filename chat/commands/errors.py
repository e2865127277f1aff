"""The error of a command."""


class CommandError(Exception):
    """The command can't do what it was asked; the message says why and what to do."""

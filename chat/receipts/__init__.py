"""What people have received and read: kept, told, shown. The mechanism is explained in docs/receipts.md.

In, from a device: `socket.py`, `api.py` and `pages.py` call `actions.py`, and that the `recorder.py`, which keeps
receipts of many people together: in the database (`queries.py`), or, where many would come at once, in Redis
(`pending.py`).

From Redis to the database, in the worker: `flush.py` takes entries (`consumer.py`), finds what they come to
(`steps.py`), stores that (`flush_queries.py`), and lets go of them. `backlog.py` tells operators what waits.

Out, to others: `snapshots.py` (and `snapshot_queries.py`) when a conversation is opened, with the counts of larger ones
(`tally.py`); `recipient_actions.py` (and `recipient_queries.py`) when somebody asks who has read a message, and when.

By hand: `unread_actions.py` (and `unread_queries.py`) marks messages as unread.
"""

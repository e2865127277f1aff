"""Who is there. The mechanism is explained in docs/presence.md.

In, from a device: `socket.py` hands what it says, and its end, to the `heartbeats.py` of this process, which tell the
`registry.py`, one script in Redis for all processes. The script publishes each change, every process hears it
(`chat/realtime/bus.py`), and tells those who watch the person and may (`chat/realtime/watchers.py`).

Out, when somebody begins to watch or asks the API: `actions.py` (and `queries.py`).
"""

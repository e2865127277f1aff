"""Lets time pass for the limits in Redis, instead of waiting for it."""

import redis


def pass_time(redis_url: str, seconds: float) -> None:
    """All that is counted there becomes so much older."""
    with redis.Redis.from_url(redis_url) as server:
        for key in server.scan_iter("chat:limit:*"):
            if server.type(key) == b"zset":
                for member in server.zrange(key, 0, -1):
                    server.zincrby(key, -1_000_000 * seconds, member)
            elif value := server.get(key):
                server.set(key, float(value) - seconds, keepttl=True)

"""Everything that is measured, in one place. Reading and adding are in `scrape.py`.

Labels hold only what we choose (a route's template, a code of the protocol), never what a person sends, so
that their number has a bound.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

# Seconds, from "at once" to the three that the product promises to beat.
_SEND_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
_HTTP_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

send_latency = Histogram(
    "chat_message_send_latency_seconds",
    "From a message's arrival at the server to its confirmation after the commit.",
    buckets=_SEND_BUCKETS,
    registry=REGISTRY,
)
messages = Counter("chat_messages", "Messages stored; a repeated send is not counted again.", registry=REGISTRY)
send_errors = Counter("chat_send_errors", "Sends that were refused or failed.", ["code"], registry=REGISTRY)
deliveries = Counter("chat_deliveries", "Frames written to sockets for events.", registry=REGISTRY)
connections = Gauge("chat_connections", "Open WebSockets.", registry=REGISTRY)
slow_sockets = Counter("chat_slow_sockets", "Sockets closed because they read too slowly.", registry=REGISTRY)
bus_errors = Counter("chat_bus_errors", "Tries to publish events that failed.", registry=REGISTRY)
rate_limiter_errors = Counter(
    "chat_rate_limiter_errors", "Failures of Redis that switched limits off for a moment.", registry=REGISTRY
)
throttled_frames = Counter("chat_throttled_frames", "Frames that a socket sent faster than it may.", registry=REGISTRY)
http_requests = Counter("chat_http_requests", "Requests answered.", ["route", "method", "status"], registry=REGISTRY)
http_latency = Histogram(
    "chat_http_latency_seconds",
    "From a request's headers to its answer; WebSockets are not among them.",
    ["route"],
    buckets=_HTTP_BUCKETS,
    registry=REGISTRY,
)

"""What a request looked like to the person's browser, where trusted proxies stand in between.

Nothing that a client may write itself is believed: of `X-Forwarded-For` only as many entries from the right as
there are trusted proxies, and the other forwarded headers only where there is such a proxy at all.
"""

import ipaddress
from typing import TypeAlias

from aiohttp import web
from yarl import URL

from chat.web.keys import SERVICES

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(request: web.Request) -> Address | None:
    """The address of the device; None where it can't be known, as behind a Unix socket without a proxy header."""
    proxies = request.app[SERVICES].settings.trusted_proxies
    hops = [request.remote or ""]
    if proxies:
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()] + hops
    return _parse_address(hops[-min(proxies + 1, len(hops))])


def _parse_address(text: str) -> Address | None:
    """With or without a port, as proxies differ in what they write."""
    if text.startswith("[") or text.count(":") == 1:
        text = text.lstrip("[").partition("]")[0] if "]" in text else text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def public_origin(request: web.Request) -> str:
    """Scheme, host and port under which people reach this server, like `https://chat.example.org`.

    `BASE_URL` where it is set; otherwise what the request says. Empty where the request names no usable host.
    """
    settings = request.app[SERVICES].settings
    if settings.base_url:
        return origin_of(settings.base_url)
    scheme, host = request.scheme, request.host
    if settings.trusted_proxies:
        scheme = _last(request, "X-Forwarded-Proto") or scheme
        host = _last(request, "X-Forwarded-Host") or host
    return origin_of(f"{scheme}://{host}")


def origin_of(url: str) -> str:
    """The origin of a URL in the form that browsers send; empty where there is none."""
    try:
        return str(URL(url).origin())
    except ValueError:
        return ""


def is_secure(request: web.Request) -> bool:
    """Whether the browser speaks https, so that cookies may be limited to it."""
    return public_origin(request).startswith("https:")


def _last(request: web.Request, header: str) -> str:
    """The value that the nearest proxy wrote; any before it may come from the client."""
    return request.headers.get(header, "").rpartition(",")[2].strip()

"""gzip for bodies that are made anew for every request, and what a client takes."""

import os
import struct
import zlib

from aiohttp import web

SMALLEST = 1024
# A quarter of a millisecond for a page; the levels above hardly make it smaller.
LEVEL = 5
_HEADER = b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff"


def accepts(request: web.Request, wanted: str) -> bool:
    """Whether the client takes this content coding; `gzip;q=0` says that it doesn't take gzip."""
    for part in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip() == wanted:
            return parameters.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def compress(body: bytes) -> bytes:
    """A quick gzip of `body` whose length is blurred.

    Pages hold a secret (the CSRF token) beside words that an attacker may have chosen (a search). The length
    of their compressed form would tell whether the two agree, letter by letter (BREACH). A name of random
    length in the gzip header, which readers skip, hides that.
    """
    filler = os.urandom(1)[0] % 64 + 1
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return b"".join(
        (
            _HEADER,
            b"x" * filler + b"\x00",
            deflate.compress(body),
            deflate.flush(),
            struct.pack("<LL", zlib.crc32(body), len(body) & 0xFFFFFFFF),
        )
    )


def compressed_response(
    request: web.Request, text: str, *, status: int, content_type: str, headers: dict[str, str]
) -> web.Response:
    """A text response, compressed where that pays and the client takes it."""
    body = text.encode("utf-8", "replace")
    headers = {**headers, "Content-Type": f"{content_type}; charset=utf-8"}
    response = web.Response(body=body, status=status, headers=headers)
    compress_response(request, response)
    return response


def compress_response(request: web.Request, response: web.Response) -> None:
    """Compress what the response holds, where that pays and the client takes it."""
    headers, body = response.headers, response.body
    headers["Vary"] = f"{headers['Vary']}, Accept-Encoding" if "Vary" in headers else "Accept-Encoding"
    if isinstance(body, bytes) and len(body) >= SMALLEST and accepts(request, "gzip"):
        response.body = compress(body)
        headers["Content-Encoding"] = "gzip"

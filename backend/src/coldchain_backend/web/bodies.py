"""Request bodies: bounded while they come in and while they are unpacked."""

import asyncio
import zlib
from typing import Final

from fastapi import HTTPException, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY: Final = 8 << 20
MAX_JSON: Final = 1 << 20
MAX_FLEET: Final = 2_000_000
"""Letters of a fleet file."""
# Routes whose bodies hold more: readings, and fleet files as JSON, where a letter may take six bytes.
LARGER: Final = {"/api/v2/write": MAX_BODY, "/api/v1/fleet/": 6 * MAX_FLEET + MAX_JSON}
MAX_UNPACKED: Final = 32 << 20
# Above this, unpacking would hold the event loop for more than some milliseconds.
IN_LOOP: Final = 128 << 10
_GZIP: Final = 31


class BoundedBodies:
    """Refuses a body that grows beyond what its route takes, before any of it is kept or believed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on with the request; whoever reads too much of it gets 413."""
        path: str = scope.get("path", "")
        most = next((bound for begin, bound in LARGER.items() if path.startswith(begin)), MAX_JSON)
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise HTTPException(413, f"a body may have {most} bytes")
            return message

        await self._app(scope, bounded, send)


async def whole_body(request: Request) -> bytes:
    """The body, unpacked where it says gzip. Raises 413 beyond the bounds and 400 for a broken one."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip"):
        raise HTTPException(415, f"content encoding {encoding[:20]!r} is not taken; gzip is")
    body = await _received(request)
    if encoding != "gzip":
        return body
    return await asyncio.to_thread(unpacked, body) if len(body) > IN_LOOP else unpacked(body)


async def _received(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > MAX_BODY:
        raise HTTPException(413, f"a body may have {MAX_BODY} bytes")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise HTTPException(413, f"a body may have {MAX_BODY} bytes")
        parts.append(part)
    return b"".join(parts)


def unpacked(body: bytes) -> bytes:
    """Unpack gzip, of one member or several."""
    parts, size = [], 0
    try:
        while body:
            unpacker = zlib.decompressobj(_GZIP)
            part = unpacker.decompress(body, MAX_UNPACKED - size + 1)
            size += len(part)
            if size > MAX_UNPACKED:
                raise HTTPException(413, f"an unpacked body may have {MAX_UNPACKED} bytes")
            if not unpacker.eof:
                raise HTTPException(400, "the gzip body is cut off")
            parts.append(part)
            body = unpacker.unused_data
    except zlib.error as error:
        raise HTTPException(400, f"not a gzip body: {error}") from error
    return b"".join(parts)

"""An HTTP server with bad manners, one of them for each path."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Final

GIGABYTE: Final = 1 << 30


@dataclass(slots=True)
class IllHttp:
    """Serves on a port of its own. `sent`: bytes of an endless body that went out before it was cut off."""

    trust: ssl.SSLContext | None = None
    paths: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    connections: int = 0
    sent: int = 0
    flips: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> IllHttp:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.trust)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def reached(self, requests: int) -> None:
        """Return once so many requests have come."""
        while len(self.paths) < requests:
            self._came.clear()
            await self._came.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
        await reader.readexactly(length)
        path = head.split(" ", 2)[1].partition("?")[0]
        self.paths.append(path)
        self._came.set()
        self.hosts.append(head.lower().partition("host: ")[2].partition("\r\n")[0])
        await getattr(self, path.strip("/"))(writer)
        await writer.drain()
        return path in ("/ok", "/flip", "/error_inside")

    async def ok(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    async def error_inside(self, writer: asyncio.StreamWriter) -> None:
        said = b'{"errcode":310000,"errmsg":"sign not match"}'
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(said), said))

    async def silent(self, writer: asyncio.StreamWriter) -> None:
        del writer
        await asyncio.Event().wait()

    async def trickle(self, writer: asyncio.StreamWriter) -> None:
        for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + b"x" * 100_000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)

    async def endless(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % GIGABYTE)
        while self.sent < GIGABYTE:
            writer.write(b"x" * 65_536)
            await writer.drain()
            self.sent += 65_536

    async def moved(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 307 Moved\r\nlocation: /ok\r\ncontent-length: 0\r\n\r\n")

    async def torn(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")

    async def nothing(self, writer: asyncio.StreamWriter) -> None:
        del writer

    async def noise(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\xffSSH-2.0-nothing\r\n\r\n")

    async def many_headers(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + b"x-y: " + b"z" * 400_000 + b"\r\n\r\n")

    async def flip(self, writer: asyncio.StreamWriter) -> None:
        self.flips += 1
        status = b"200 OK" if self.flips % 2 else b"503 No"
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n")

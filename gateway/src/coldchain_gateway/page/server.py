"""Serves the page on one socket: few connections at a time, each short; all but the hush only looks."""

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict
from typing import Final

from coldchain.errors import Unavailable
from coldchain.words import Language
from coldchain_gateway.metrics import metrics_text
from coldchain_runtime.logs import Log

from .config import PageConfig
from .render import HUSH_MINUTES, language_of, page
from .requests import HTML, MAX_HEAD, BadRequest, Reply, Request, form, parse_head
from .shows import Shows

MOST_CONNECTIONS: Final = 16
REQUEST_WITHIN_S: Final = 5.0
TURNED_AWAY_S: Final = 0.5
METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"
log = Log("gateway.page")


class PageServer:
    """`run` is supervised; who wants to know whether the address is free calls `listen` first."""

    def __init__(self, config: PageConfig, shows: Shows) -> None:
        self._config = config
        self._shows = shows
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Raises Unavailable when the address cannot be listened on."""
        config = self._config
        where = f"{config.address}:{config.port}"
        try:
            self._server = await asyncio.start_server(
                self._accept, config.address, config.port, limit=MAX_HEAD, backlog=MOST_CONNECTIONS
            )
        except (OSError, OverflowError) as error:
            raise Unavailable(f"{where}: {error}") from error
        log.event("page.open", address=where)

    async def run(self) -> None:
        """Serve until cancelled. Raises Unavailable."""
        if self._server is None:
            await self.listen()
        server, self._server = self._server, None
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            if server is not None:
                server.close()
            for connection in self._connections:
                connection.cancel()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._answer(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        within_s = REQUEST_WITHIN_S if len(self._connections) <= MOST_CONNECTIONS else TURNED_AWAY_S
        try:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(within_s):
                    writer.write(await self._reply(reader, _peer(writer)))
                    await writer.drain()
        finally:
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader, peer: str) -> bytes:
        if len(self._connections) > MOST_CONNECTIONS:
            await reader.read(MAX_HEAD)
            return Reply(status=503).encoded()
        try:
            request = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
            body = await reader.readexactly(request.body_length)
            return self._found(request, body, peer).encoded(body=request.method != "HEAD")
        except asyncio.LimitOverrunError:
            return Reply(status=431).encoded()
        except asyncio.IncompleteReadError:
            return b""
        except BadRequest as error:
            return Reply(status=error.status, body=str(error).encode() + b"\n").encoded()

    def _found(self, request: Request, body: bytes, peer: str) -> Reply:
        wanted = language_of(request.query.get("lang"), request.headers.get("accept-language", ""))
        if request.path == "/hush":
            return self._hushed(request, body, peer, wanted)
        if request.method not in {"GET", "HEAD"}:
            raise BadRequest(405)
        match request.path:
            case "/":
                html = page(self._shows.board(), self._shows.health(), wanted, hush=self._config.hush)
                return Reply(kind=HTML, body=html.encode())
            case "/metrics":
                return Reply(kind=METRICS, body=metrics_text(self._shows.health()).encode())
            case "/status.json":
                document = json.dumps(asdict(self._shows.health()), ensure_ascii=False)
                return Reply(kind="application/json", body=document.encode())
        raise BadRequest(404)

    def _hushed(self, request: Request, body: bytes, peer: str, wanted: Language) -> Reply:
        if request.method != "POST":
            raise BadRequest(405)
        if not self._config.hush or not request.own:
            raise BadRequest(403)
        minutes = form(body.decode("latin-1")).get("minutes", "")
        if minutes not in {str(choice) for choice in HUSH_MINUTES}:
            raise BadRequest(400)
        self._shows.hush(int(minutes), peer)
        return Reply(status=303, headers={"Location": f"/?lang={wanted.value}"})


def _peer(writer: asyncio.StreamWriter) -> str:
    name = writer.get_extra_info("peername")
    return str(name[0]) if isinstance(name, tuple) and name else "page"

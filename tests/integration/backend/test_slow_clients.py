"""Clients that connect and do not go on: they cost nobody else an answer, and the log one line."""

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from fastapi import FastAPI, Request

from coldchain_backend.app.patience import KEPT_BACK, PatientProtocol, room_for_connections
from coldchain_backend.app.server import Server, listening, served
from coldchain_backend.web.bodies import whole_body
from coldchain_backend.web.errors import install_errors

HEAD = b"POST /take HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 20000\r\n\r\n"
ASK = b"GET /ask HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def app() -> FastAPI:
    """Takes a body, answers a question, answers another after a second."""
    made = FastAPI()
    install_errors(made)

    @made.post("/take")
    async def take(request: Request) -> int:
        return len(await whole_body(request))

    @made.get("/ask")
    async def ask() -> str:
        return "yes"

    @made.get("/long")
    async def long() -> str:
        await asyncio.sleep(1)
        return "at last"

    return made


@asynccontextmanager
async def serving(patience_s: float, most: int = 100) -> AsyncIterator[int]:
    """The server on a port of its own."""

    class Small(PatientProtocol):
        pass

    Small.most = most
    with listening("127.0.0.1", 0) as taken:
        server: Server = served(app(), Small)
        server.patience_s = patience_s
        task = asyncio.create_task(server.serve(sockets=[taken]))
        await until_answered(taken.getsockname()[1])
        yield taken.getsockname()[1]
        server.should_exit = True
        await task


async def until_answered(port: int) -> None:
    """Until the server listens."""
    for _ in range(1000):
        if await said(port, ASK):
            return
        await asyncio.sleep(0.01)


async def said(port: int, request: bytes, *, after: tuple[bytes, ...] = (), every_s: float = 0.0) -> bytes:
    """All that the server answers; nothing where it cuts the connection."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return b""
    try:
        writer.write(request)
        for more in after:
            await asyncio.sleep(every_s)
            writer.write(more)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 20)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET /ask HTT", HEAD, HEAD + b"x" * 100],
    ids=["nothing", "half a head", "no body", "a bit"],
)
def test_a_client_that_stops_is_cut_off(begun: bytes) -> None:
    async def story() -> bytes:
        async with serving(0.3) as port:
            return await said(port, begun)

    assert asyncio.run(story()) == b""


def test_one_byte_now_and_then_is_no_progress_and_a_slow_line_is() -> None:
    async def story() -> tuple[bytes, bytes]:
        async with serving(0.8) as port:
            trickle = said(port, HEAD, after=(b"x",) * 12, every_s=0.25)
            slow = said(port, HEAD, after=(b"x" * 5000,) * 4, every_s=0.4)
            first, second = await asyncio.gather(trickle, slow)
            return first, second

    trickled, slow = asyncio.run(story())
    assert trickled == b""
    assert slow.startswith(b"HTTP/1.1 200")
    assert slow.endswith(b"20000")


def test_an_answer_may_take_longer_than_a_request_may() -> None:
    async def story() -> bytes:
        async with serving(0.2) as port:
            return await said(port, b"GET /long HTTP/1.0\r\n\r\n")

    assert b"at last" in asyncio.run(story())


def test_where_all_places_are_taken_the_longest_unfinished_make_room() -> None:
    async def story() -> bytes:
        async with serving(60, most=8) as port:
            held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
            answer = await said(port, ASK)
            for _, writer in held:
                writer.close()
            return answer

    assert asyncio.run(story()).startswith(b"HTTP/1.1 200")


def test_a_body_that_breaks_off_is_no_fault_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with serving(60) as port:
            for broken in (
                HEAD + b"x" * 100,
                HEAD.replace(b"Content-Length: 20000", b"Transfer-Encoding: chunked"),
            ):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(broken)
                await writer.drain()
                writer.close()
            assert (await said(port, ASK)).startswith(b"HTTP/1.1 200")

    asyncio.run(story())
    assert "Traceback" not in caplog.text
    assert "Exception in ASGI" not in caplog.text


@contextmanager
def limits(soft: int, hard: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, int]]]:
    """As if the system gave these; what is asked of it is noted."""
    asked: list[tuple[int, int]] = []
    with monkeypatch.context() as patched:
        patched.setattr(resource, "getrlimit", lambda _which: (soft, hard))
        patched.setattr(resource, "setrlimit", lambda _which, wanted: asked.append(wanted))
        yield asked


@pytest.mark.parametrize(
    ("soft", "hard", "asked", "connections"),
    [
        (1024, 524_288, [(65_536, 524_288)], 10_000),
        (1024, 1024, [], 1024 - KEPT_BACK),
        (1024, 4096, [(4096, 4096)], 4096 - KEPT_BACK),
        (256, 256, [], 128),
        (1024, resource.RLIM_INFINITY, [(65_536, resource.RLIM_INFINITY)], 10_000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, [], 10_000),
        (1 << 20, 1 << 20, [], 10_000),
    ],
)
def test_connections_leave_files_for_the_evidence(
    soft: int, hard: int, asked: list[tuple[int, int]], connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with limits(soft, hard, monkeypatch) as told:
        assert room_for_connections() == connections
    assert told == asked

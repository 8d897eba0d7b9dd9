"""The follower's thread, the courier's rounds and a real receiver: from the ledger to the webhook."""

import asyncio
import base64
import json
import secrets
import threading
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest

from coldchain_backend.delivery import Attempts, Courier, CourierPorts, Senders
from coldchain_backend.delivery.rounds import run_rounds
from coldchain_backend.fleet import Plan, Receiver, Webhook
from coldchain_backend.judging import Follower, News
from coldchain_backend.judging.follow import chunks
from coldchain_backend.ledger import Kind, NewRecord
from coldchain_runtime.clock import SystemClock
from support.judged_log import SECOND, T0, Log, fleet_payload, plan
from support.look_ups import local_guard
from support.webhook_end import Announced, Known


class Hook(ThreadingHTTPServer):
    """Keeps types of events, in order."""

    daemon_threads = True
    types: list[str]
    came: threading.Event


class Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.types.append(body["type"])
        self.server.came.set()
        self.send_response(204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    server = Hook(("127.0.0.1", 0), Handler)
    server.types, server.came = [], threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.budget(20)
async def test_from_the_ledger_to_the_webhook_within_a_second(tmp_path: Path, hook: Hook) -> None:
    log, news = Log(tmp_path), News()
    follower = Follower(log.ledger, log.judging, news, idle=log.books.tidy)
    thread = threading.Thread(target=follower.run)
    thread.start()
    (tmp_path / "whsec").write_text("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
    url = f"http://127.0.0.1:{hook.server_address[1]}/"
    receiver = Receiver(name="dispatch", webhook=Webhook(url=url, secret="file:whsec"))

    async with Senders.behind(local_guard()) as sender:
        ports = CourierPorts(
            queue=log.queue,
            standings=Known(),
            attempts=Attempts(sender=sender, clock=SystemClock(), folder=tmp_path),
            clock=SystemClock(),
            plan=lambda: Plan(organisation="demo", receivers=(receiver,)),
            announce=Announced(),
            random=Random(1),
        )
        courier = Courier(ports)
        rounds = asyncio.create_task(run_rounds(courier, SystemClock(), news.wait))
        log.ledger.put([NewRecord(kind=Kind.FLEET, payload=fleet_payload(plan({"s": 10 * SECOND})))])
        readings = [("s", T0 + n * 10 * SECOND, 9.0) for n in range(3)]
        log.clock.advance(30 * SECOND)
        log.ledger.put([log.voice.record(log.voice.batch(readings))])
        began = SystemClock().monotonic_ns()
        assert await asyncio.to_thread(hook.came.wait, 10)
        took_s = (SystemClock().monotonic_ns() - began) / 1e9
        hook.came.clear()
        log.ledger.put([log.voice.record(log.voice.batch([("s", T0 + 30 * SECOND, 4.0)]))])
        assert await asyncio.to_thread(hook.came.wait, 10)
        rounds.cancel()
        await asyncio.gather(rounds, return_exceptions=True)
    follower.stop()
    thread.join()
    log.close()
    assert hook.types == ["alert.fired", "alert.resolved"]
    assert took_s < 3


async def test_news_wakes_every_waiter_and_nobody_twice() -> None:
    news = News()
    waiters = [asyncio.create_task(news.wait(0)) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.to_thread(news.publish)
    assert await asyncio.gather(*waiters) == [1, 1, 1]
    late = asyncio.create_task(news.wait(1))
    await asyncio.sleep(0)
    assert not late.done()
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)
    news.publish()
    assert await news.wait(1) == 2


def test_chunks_bound_a_commit_and_lose_nothing(tmp_path: Path) -> None:
    log = Log(tmp_path)
    sizes = [10, 2_000_000, 5, 600_000, 600_000, 1]
    records = log.ledger.put([NewRecord(kind=Kind.MARK, payload=b"x" * size) for size in sizes])
    parts = list(chunks(records))
    assert [record for part in parts for record in part] == list(records)
    assert [len(part) for part in parts] == [1, 1, 2, 2]
    log.close()

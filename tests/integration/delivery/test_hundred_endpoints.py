"""A hundred endpoints of which fifty hang: the others are told as if those were not there."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from coldchain_backend.alerts import Delivery
from coldchain_backend.delivery import Attempts, Courier, CourierPorts, Senders
from coldchain_backend.delivery.queue import DeliveryState
from coldchain_backend.fleet import Plan, Receiver, Webhook
from coldchain_backend.judging.contracts import Progress
from coldchain_backend.sql import Books, Database, DeliveryQueue, Letters, open_database
from coldchain_runtime.clock import SystemClock
from support.acceptance import Figures
from support.ill_http import IllHttp
from support.look_ups import local_guard
from support.notices import document
from support.soak import rounds
from support.webhook_end import Announced, Known

HANGING, OTHERS = 50, 50
EACH = rounds(2, 20)


@pytest.fixture
async def ill() -> AsyncIterator[IllHttp]:
    async with IllHttp() as server:
        yield server


def queue_all(database: Database, receivers: list[Receiver], now_ms: int) -> None:
    """So many fires for every receiver."""
    books = Books(database)
    books.begin()
    for number in range(EACH):
        for one in receivers:
            name = f"al_{number}_{one.name}"
            books.put_delivery(
                Delivery(
                    id=f"msg_{name}",
                    alert=name,
                    sequence=1,
                    receiver=one.name,
                    at_ms=now_ms,
                    due_ms=now_ms,
                    body=document(alert_id=name),
                    critical=True,
                )
            )
    books.commit(Progress())
    books.close()


def told(database: Database) -> int:
    """How many arrived."""
    return sum(
        count for (_, state), count in Letters(database).counts().items() if state is DeliveryState.DELIVERED
    )


@pytest.mark.soak
@pytest.mark.acceptance("T13")
async def test_fifty_that_hang_delay_no_others(ill: IllHttp, tmp_path: Path, figures: Figures) -> None:
    clock, guard = SystemClock(), local_guard()
    (tmp_path / "whsec").write_text("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
    receivers = [
        Receiver(
            name=f"r{number}",
            webhook=Webhook(
                url=f"http://127.0.0.1:{ill.port}/{'silent' if number < HANGING else 'ok'}?{number}",
                secret="file:whsec",
            ),
        )
        for number in range(HANGING + OTHERS)
    ]
    database, senders = open_database(tmp_path / "coldchain.sqlite"), Senders.behind(guard)
    queue_all(database, receivers, clock.now_ms())
    ports = CourierPorts(
        queue=DeliveryQueue(database),
        standings=Known(),
        attempts=Attempts(sender=senders, clock=clock, folder=tmp_path),
        clock=clock,
        plan=lambda: Plan(organisation="demo", receivers=tuple(receivers)),
        announce=Announced(),
        random=Random(1),
    )
    courier, began_ns = Courier(ports), clock.monotonic_ns()
    try:
        async with asyncio.timeout(45):
            while told(database) < OTHERS * EACH:
                await courier.turn()
                await asyncio.sleep(0.05)
        took_ms = (clock.monotonic_ns() - began_ns) // 1_000_000
    finally:
        await courier.close()
        await senders.__aexit__(None, None, None)
        database.close()
    assert ill.paths.count("/silent") >= HANGING
    figures.add(hanging=HANGING, told=OTHERS * EACH, told_ms=took_ms)

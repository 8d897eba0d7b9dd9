"""A hundred receivers of which fifty never answer: are the others told as soon as without them?

And a receiver that comes back after an hour: how long until what waited begins to arrive, on a clock by hand.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from bench.latency import at
from bench.states import places
from bench.storm import T0, HandClock
from bench.table import Row
from bench.timing import SCALE
from coldchain_backend.delivery import Courier, CourierSettings
from coldchain_backend.delivery.courier import CourierPorts
from coldchain_backend.delivery.request import NoResponse, Request, Response
from coldchain_backend.fleet import Receiver, Webhook
from coldchain_backend.sql import Database, DeliveryQueue, Place
from coldchain_runtime.clock import Clock, SystemClock
from demo.receiver import new_secret

RECEIVERS = 100
EACH = max(2, int(10 * SCALE))
HANG_S = 20.0
LIMIT_S = 120.0
HOUR_S = 3_600
SECRET_FILE = "whsec"  # noqa: S105 - a file's name
BODY = (
    b'{"type":"alert.fired","timestamp":"2026-11-22T08:38:00Z","data":{"alert_id":"al_1","sequence":1,'
    b'"kind":"excursion","level":"alarm","state":"firing"}}'
)


class Wire:
    """Answers at once, or never; notes when it was first asked for each delivery."""

    def __init__(self, hanging: int, clock: Clock) -> None:
        self.hanging, self.down, self._clock = hanging, False, clock
        self.asked: dict[str, int] = {}
        self.accepted: list[int] = []

    async def send(self, request: Request) -> Response | NoResponse:
        number = int(request.url.rsplit("/", 1)[-1])
        if number < self.hanging:
            await asyncio.sleep(HANG_S)
            return NoResponse(reason="ReadTimeout")
        if self.down:
            return NoResponse(reason="ConnectError: refused")
        self.asked.setdefault(request.headers["webhook-id"], self._clock.now_ms())
        self.accepted.append(self._clock.now_ms())
        return Response(status=204)


def measure() -> list[Row]:
    """In every place."""
    with places() as every:
        return [row for name, place in every for row in _measured(name, place)]


def _measured(name: str, place: Place) -> list[Row]:
    with place.opened() as database:
        alone = asyncio.run(_delays(database, "alone", 0))
        beside = asyncio.run(_delays(database, "beside", RECEIVERS // 2))
        back_s = asyncio.run(_recovery(database))
    return [
        Row(
            name=f"told while 50 of 100 hang, p99, {name}",
            value=1000 * at(beside, 0.99),
            unit="ms",
            baseline=1000 * at(alone, 0.99),
            baseline_name="without them",
        ),
        Row(name=f"receiver back → backlog starts, {name}", value=back_s, unit="s"),
    ]


async def _delays(database: Database, run: str, hanging: int) -> list[float]:
    """Seconds from queued to first attempt, of the second half of the receivers."""
    clock, queue = SystemClock(), DeliveryQueue(database)
    wire = Wire(hanging, clock)
    first = 0 if hanging else RECEIVERS // 2
    queued_ms = clock.now_ms()
    for number in range(first, RECEIVERS):
        for turn in range(EACH):
            name = f"{run}-{number}-{turn}"
            queue.put(name, name, f"{number}", queued_ms, BODY)
    wanted = {f"{run}-{number}-{turn}" for number in range(RECEIVERS // 2, RECEIVERS) for turn in range(EACH)}
    began_ms, until = clock.now_ms(), time.monotonic() + LIMIT_S
    with tempfile.TemporaryDirectory(prefix="coldchain-bench-") as folder:
        courier = _courier(queue, wire, clock, Path(folder), [f"{number}" for number in range(RECEIVERS)])
        while not wanted <= wire.asked.keys() and time.monotonic() < until:
            await courier.turn()
            await asyncio.sleep(0.005)
        await courier.close()
    if not wanted <= wire.asked.keys():
        raise RuntimeError(f"{len(wanted - wire.asked.keys())} of {len(wanted)} were not told")
    return [(wire.asked[one] - began_ms) / 1000 for one in sorted(wanted)]


async def _recovery(database: Database) -> float:
    """Seconds from a receiver's return until the first of what waited arrives; it was away for an hour."""
    clock, queue = HandClock(), DeliveryQueue(database)
    clock.at_ms = T0
    wire = Wire(0, clock)
    wire.down = True
    for turn in range(EACH):
        queue.put(f"back-{turn}", f"back-{turn}", "7", clock.now_ms(), BODY)
    with tempfile.TemporaryDirectory(prefix="coldchain-bench-") as folder:
        courier = _courier(queue, wire, clock, Path(folder), ["7"])
        back_ms = T0 + HOUR_S * 1000
        while not wire.accepted:
            wire.down = clock.now_ms() < back_ms
            await courier.turn()
            await courier.idle()
            clock.at_ms += 1_000
        await courier.close()
    return (wire.accepted[0] - back_ms) / 1000


def _courier(queue: DeliveryQueue, wire: Wire, clock: Clock, folder: Path, names: Sequence[str]) -> Courier:
    (folder / SECRET_FILE).write_text(new_secret(), "ascii")
    receivers = {
        name: Receiver(
            name=name, webhook=Webhook(url=f"https://hooks.example/{name}", secret=f"file:{SECRET_FILE}")
        )
        for name in names
    }

    async def announce(receiver: str, failing: bool) -> None:  # noqa: FBT001 - the courier's port
        del receiver, failing

    ports = CourierPorts(
        queue=queue,
        sender=wire,
        clock=clock,
        receivers=lambda: receivers,
        announce=announce,
        random=Random(1),
    )
    return Courier(ports, CourierSettings(folder=folder))

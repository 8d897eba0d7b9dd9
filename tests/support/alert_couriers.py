"""Couriers in processes of their own that work on one queue, on a clock that runs a hundred times as fast."""

from __future__ import annotations

import asyncio
import time
from random import Random
from typing import Final

from sqlalchemy import select

from coldchain_backend.alerts import AlertState
from coldchain_backend.judging import Judging, Settings
from coldchain_backend.ledger import MemoryLedger
from coldchain_backend.sql import Books, DeliveryQueue, schema
from support.alert_life import TICK_MS, Fate, FileWire, Life, courier_of, story
from support.judged_log import HOUR, ORGANISATION, T0
from support.still_clock import StillClock

SPEED: Final = 100


class FastClock(StillClock):
    """`began_s`: the machine's monotonic time at which it says an hour behind the story's beginning."""

    def __init__(self, began_s: float) -> None:
        StillClock.__init__(self, T0)
        self.began_s = began_s

    def now_ms(self) -> int:
        return T0 + HOUR + int((time.monotonic() - self.began_s) * 1000 * SPEED)


def queue_up(life: Life) -> set[str]:
    """Judge the story into the life's place; the ids of all that is to be told."""
    clock = StillClock(T0)
    ledger = MemoryLedger(ORGANISATION, clock)
    with life.place.opened() as database:
        books = Books(database)
        judging = Judging(books, Settings(organisation=ORGANISATION, public_url="http://page"))
        for record in story(life.ticks):
            ledger.put([record])
            judging.consume(ledger.read(judging.offset, 100))
            clock.advance(TICK_MS)
        books.close()
        return {one for one, _ in rows(life)}


def rows(life: Life) -> list[tuple[str, str]]:
    """Every delivery and its state."""
    with life.place.looked_into() as database, database.read() as connection:
        found = connection.execute(select(schema.delivery.c.id, schema.delivery.c.state))
        return [(row[0], row[1]) for row in found]


def still_open(life: Life) -> set[str]:
    """Alerts that have not ended."""
    states = [one.value for one in AlertState if one.open]
    with life.place.looked_into() as database, database.read() as connection:
        return set(
            connection.execute(select(schema.alert.c.id).where(schema.alert.c.state.in_(states))).scalars()
        )


def deliver(life: Life, holder: str, began_s: float) -> None:
    """What a courier's process does: send until nothing waits."""
    asyncio.run(_deliver(life, holder, began_s))


async def _deliver(life: Life, holder: str, began_s: float) -> None:
    clock, random = FastClock(began_s), Random(life.seed)
    with life.place.looked_into() as database:
        queue = DeliveryQueue(database, holder)
        wire = FileWire(life.folder, life.failing, random, Fate("", 0))
        courier = courier_of(life, queue, wire, clock, random)
        while queue.waiting(clock.now_ms()):
            await courier.turn()
            await courier.idle()
            await asyncio.sleep(0.02)

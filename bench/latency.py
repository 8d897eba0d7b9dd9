"""How soon an alert is committed after the batch that is its cause was accepted, also during a backfill.

10 000 points say one reading a minute through a hundred gateways; every batch has one point newly out of
limits. Meanwhile other gateways send twenty times as many readings, and then as many as the server lets them.
"""

from __future__ import annotations

import gzip
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from math import inf

from bench.loads import SPACING_MS, Load, Sender, Shape
from bench.servers import Backend, backend
from bench.table import Row
from bench.timing import SCALE

LIVE = Shape(name="live", lines=100, batches=1, requests=0, sensors=100, points=10_000)
PER_S = LIVE.points / LIVE.sensors / 60
BACKFILL_PER_S = 20 * LIVE.points / 60
BACKFILL = 50
"""So many of the gateways backfill; the others are live."""
SECONDS = 24 * SCALE


def measure() -> list[Row]:
    """Both, on one backend; its memory with all points known, and its start."""
    load = Load(LIVE)
    with backend(load) as running:
        began_ms = int(time.time() * 1000)
        for sender in load.senders:
            running.write(sender.name, gzip.compress(sender.batch(LIVE.sensors, began_ms)))
        running.wait_until_judged()
        live = load.senders[BACKFILL:]
        quiet = alert_delays(running, live, SECONDS)
        with backfilling(running, load.senders[:BACKFILL], began_ms) as sent:
            began = time.monotonic()
            busy = alert_delays(running, live, SECONDS)
            rate = sum(sent) / (time.monotonic() - began)
        with backfilling(running, load.senders[:BACKFILL], began_ms, per_s=inf) as sent:
            began = time.monotonic()
            flooded = alert_delays(running, live, SECONDS)
            flood = sum(sent) / (time.monotonic() - began)
        running.wait_until_judged()
        memory = running.server.peak_mb()
    return [
        Row(name="accepted → alert committed, p99", value=1000 * at(quiet, 0.99), unit="ms"),
        Row(name="… median", value=1000 * at(quiet, 0.5), unit="ms"),
        Row(name="… p99 during a 20 × backfill", value=1000 * at(busy, 0.99), unit="ms"),
        Row(
            name="… the backfill",
            value=rate,
            unit="readings/s",
            baseline=BACKFILL_PER_S,
            baseline_name="wanted",
        ),
        Row(name="… p99 during a backlog at full speed", value=1000 * at(flooded, 0.99), unit="ms"),
        Row(name="… the backlog", value=flood, unit="readings/s"),
        Row(name="backend RSS at 10 000 points", value=memory, unit="MB"),
        Row(name="backend start to ready", value=running.ready_s, unit="cpu-s"),
    ]


def at(delays: Sequence[float], share: float) -> float:
    """The delay that so large a share does not exceed."""
    return sorted(delays)[min(int(share * len(delays)), len(delays) - 1)]


def alert_delays(running: Backend, senders: Sequence[Sender], seconds: float) -> list[float]:
    """Seconds from each batch's 204 until its alert is committed."""
    database = sqlite3.connect(f"file:{running.folder}/data/coldchain.sqlite?mode=ro", uri=True)
    try:
        return list(_delays(running, senders, seconds, database))
    finally:
        database.close()


def _delays(
    running: Backend, senders: Sequence[Sender], seconds: float, database: sqlite3.Connection
) -> Iterator[float]:
    count = int(seconds * PER_S)
    begin = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, begin + number / PER_S - time.monotonic()))
        sender = senders[number % len(senders)]
        start_ms = int(time.time() * 1000) - 1_000 - sender.turn * SPACING_MS
        body = gzip.compress(sender.batch(LIVE.sensors, start_ms, hot=sender.turn % LIVE.sensors))
        known = _alerts(database)
        running.write(sender.name, body)
        accepted = time.monotonic()
        while _alerts(database) <= known:
            if time.monotonic() - accepted > 60:
                raise RuntimeError("no alert within a minute")
            time.sleep(0.003)
        yield time.monotonic() - accepted


def _alerts(database: sqlite3.Connection) -> int:
    """Level changes of excursions so far: each hot reading brings one."""
    count: int = database.execute("SELECT count(*) FROM excursion WHERE gone IS NULL").fetchone()[0]
    return count


@contextmanager
def backfilling(
    running: Backend, senders: Sequence[Sender], start_ms: int, *, per_s: float = BACKFILL_PER_S
) -> Iterator[list[int]]:
    """Send readings of the last minutes from other gateways, so many a second, until the end."""
    stop, sent = threading.Event(), [0]

    def send() -> None:
        connection = HTTPConnection("127.0.0.1", running.server.port, timeout=120)
        turn, begin = 0, time.monotonic()
        while not stop.is_set():
            sender = senders[turn % len(senders)]
            body = gzip.compress(b"".join(sender.batch(LIVE.lines, start_ms) for _ in range(10)), 1)
            headers = {
                "Authorization": f"Token {running.tokens[sender.name]}",
                "Content-Encoding": "gzip",
                "Coldchain-Lane": "backlog",
            }
            while not stop.is_set():
                connection.request("POST", "/api/v2/write?precision=ms", body, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 204:
                    sent[0] += 10 * LIVE.lines
                    break
                stop.wait(0.2)
            turn += 1
            stop.wait(max(0.0, begin + sent[0] / per_s - time.monotonic()))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sent
    finally:
        stop.set()
        thread.join()

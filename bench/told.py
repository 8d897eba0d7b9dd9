"""How soon people are told: a batch is accepted, its alert committed, the first attempt made to tell of it.

10 000 points say one reading a minute through a hundred gateways; every batch has one point newly out of
limits. The same again while other gateways send twenty times as many readings. In a file and on a server.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sqlalchemy import func, select

from bench.latency import BACKFILL, LIVE, PER_S, SECONDS, at, backfilling
from bench.loads import SPACING_MS, Load, Sender
from bench.servers import Backend, backend
from bench.states import addresses
from bench.storm import RULES
from bench.table import Row
from coldchain_backend.sql import Database, Place, schema
from coldchain_runtime.secrets import Secret
from demo.receiver import new_secret

SCHEMA = "coldchain_bench"
CONFIG = '[delivery]\nallow_private = ["127.0.0.0/8"]\n'
WITHIN_S = 60.0
Delay = tuple[float, float]
"""Seconds from accepted to committed, and from there to the first attempt."""


class Told:
    """A receiver that notes when it was told of the firing of what."""

    def __init__(self) -> None:
        self.fired: dict[str, float] = {}
        told = self.fired

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                came = time.monotonic()
                said = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if said["type"] == "alert.fired":
                    told.setdefault(said["data"]["point"], came)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, point: str) -> float | None:
        """When it was first told of a point."""
        return self.fired.get(point)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class ToldLoad(Load):
    """The load under rules that alarm at once, with a receiver that may be told often."""

    url = ""

    def fleet(self) -> str:
        fleet = super().fleet().replace("profile: vaccine-2-8", "profile: quick")
        hook = f'{{url: "{self.url}", secret: "file:whsec"}}'
        receivers = f"receivers: [{{name: dispatch, rate: 6000/min, webhook: {hook}}}]\n"
        return fleet + receivers + "system_receiver: dispatch\n" + RULES


def measure() -> list[Row]:
    """In every place."""
    with addresses() as every:
        return [row for name, address in every for row in _measured(name, address)]


def _measured(name: str, address: str) -> list[Row]:
    told, load = Told(), ToldLoad(LIVE)
    load.url = told.url
    state = f'[state]\nurl = "file:state"\nschema = "{SCHEMA}"\n' if address else ""
    files = {"whsec": new_secret(), "state": address or "none"}
    try:
        with (
            backend(load, config=CONFIG + state, files=files) as running,
            _looked_into(running.folder / "data", address) as database,
        ):
            quiet, busy = _both(running, load, told, database)
    finally:
        told.close()
    return [
        *_rows(f"at 10 000 points a minute, {name}", quiet),
        *_rows(f"during a 20 × backfill, {name}", busy),
    ]


def _rows(when: str, delays: Sequence[Delay]) -> list[Row]:
    told = {
        "accepted → committed": [committed for committed, _ in delays],
        "committed → attempt": [attempted for _, attempted in delays],
        "accepted → attempt": [sum(both) for both in delays],
    }
    return [
        Row(
            name=f"{what} p99 {when}",
            value=1000 * at(some, 0.99),
            unit="ms",
            baseline=1000 * at(some, 0.5),
            baseline_name="median",
        )
        for what, some in told.items()
    ]


def _both(running: Backend, load: Load, told: Told, database: Database) -> tuple[list[Delay], list[Delay]]:
    began_ms = int(time.time() * 1000)
    for sender in load.senders:
        running.write(sender.name, gzip.compress(sender.batch(LIVE.sensors, began_ms)))
    running.wait_until_judged()
    live = load.senders[BACKFILL:]
    quiet = list(_delays(running, live, told, database))
    with backfilling(running, load.senders[:BACKFILL], began_ms):
        busy = list(_delays(running, live, told, database))
    return quiet, busy


def _delays(running: Backend, senders: Sequence[Sender], told: Told, database: Database) -> Iterator[Delay]:
    begin = time.monotonic()
    for number in range(int(SECONDS * PER_S)):
        time.sleep(max(0.0, begin + number / PER_S - time.monotonic()))
        sender = senders[number % len(senders)]
        hot = sender.turn % LIVE.sensors
        start_ms = int(time.time() * 1000) - 1_000 - sender.turn * SPACING_MS
        body = gzip.compress(sender.batch(LIVE.sensors, start_ms, hot=hot))
        point = f"p{sender.number * LIVE.sensors + hot:05d}"
        running.write(sender.name, body)
        accepted = time.monotonic()
        while not _fired(database, point):
            _patience(accepted)
        committed = time.monotonic()
        while (came := told.of(point)) is None:
            _patience(accepted)
        yield committed - accepted, max(0.0, came - committed)


def _patience(since: float) -> None:
    if time.monotonic() - since > WITHIN_S:
        raise RuntimeError("nobody was told within a minute")
    time.sleep(0.003)


def _fired(database: Database, point: str) -> bool:
    wanted = select(func.count()).select_from(schema.alert).where(schema.alert.c.point == point)
    with database.read() as connection:
        return connection.execute(wanted).scalar_one() > 0


@contextmanager
def _looked_into(data: Path, address: str) -> Iterator[Database]:
    place = Place(data_dir=data, server=Secret(address) if address else None, schema=SCHEMA)
    with place.looked_into() as database:
        yield database

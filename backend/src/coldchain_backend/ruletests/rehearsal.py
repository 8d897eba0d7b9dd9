"""A script played on the real judging, over a ledger in memory and a database that is thrown away."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
from sqlalchemy import select

from coldchain_backend.alerts import Alert, Transition
from coldchain_backend.judging import AlertFilter, Answers, Judging, Settings
from coldchain_backend.ledger import MemoryLedger, act_record
from coldchain_backend.ruletests.steps import Acknowledge, Put, Restart, Script
from coldchain_backend.sql import Books, Database, Records, open_database, schema
from coldchain_runtime.clock import SystemClock

READ_AT_ONCE = 2000
MAX_ALERTS = 10_000
FILE = "rules.sqlite"


class HandClock(SystemClock):
    """A wall clock that stands where the script is; the rest is the machine's."""

    def __init__(self) -> None:
        self.at_ms = 0

    def now_ms(self) -> int:
        """Where the script is, ms UTC."""
        return self.at_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One step of an alert, with the alert as it stood at the end."""

    alert: Alert
    step: Transition

    def document(self) -> dict[str, object]:
        """The step as plain values; times are ms UTC."""
        cause, subject, step = self.alert.cause, self.alert.cause.subject, self.step
        return {
            "alert": self.alert.id,
            "event": f"{cause.kind.value}.{step.kind.value}",
            "at": step.at_ms,
            "event_time": step.event_ms,
            "opened": cause.opened_ms,
            "level": step.level.value,
            "zone": subject.zone,
            "point": subject.point,
            "sensor": subject.sensor,
            "gateway": subject.gateway,
            "rule": cause.rule,
            "value": step.value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that came of a script, by the log's stamps; `told` holds (receiver, type) in order."""

    happened: tuple[Happened, ...]
    told: tuple[tuple[str, str], ...]


@cache
def _empty_database() -> bytes:
    """A database of the newest format with nothing in it; made once: migrating takes longer than playing."""
    with tempfile.TemporaryDirectory(prefix="coldchain-rules-") as folder:
        path = Path(folder) / FILE
        open_database(path).close()
        return path.read_bytes()


@contextmanager
def rehearsing(organisation: str) -> Iterator["Rehearsal"]:
    """A stage for one script."""
    folder = Path(tempfile.mkdtemp(prefix="coldchain-rules-"))
    (folder / FILE).write_bytes(_empty_database())
    database = Database(folder / FILE)
    try:
        with closing(Books(database)) as books:
            yield Rehearsal(organisation, books, database)
    finally:
        database.close()
        shutil.rmtree(folder, ignore_errors=True)


class Rehearsal:
    """Plays one script."""

    def __init__(self, organisation: str, books: Books, database: Database) -> None:
        self._settings = Settings(organisation=organisation)
        self._clock = HandClock()
        self._ledger = MemoryLedger(organisation, self._clock)
        self._books, self._database = books, database
        self._judging = Judging(books, self._settings)
        self.answers = Answers(Records(database), organisation, self._ledger)

    def play(self, script: Script) -> Outcome:
        """Let everything happen, and look at what came of it."""
        for step in script.steps:
            self._clock.at_ms = step.at_ms
            match step.action:
                case Put(record=record):
                    self._ledger.put([record])
                case Restart():
                    self._judge()
                    self._judging = Judging(self._books, self._settings)
                case Acknowledge(by=by, reason=reason):
                    self._acknowledge(by, reason)
        self._judge()
        return self._look()

    def _judge(self) -> None:
        while records := self._ledger.read(self._judging.offset, READ_AT_ONCE):
            self._judging.consume(records)

    def _acknowledge(self, by: str, reason: str) -> None:
        self._judge()
        for alert in self.answers.alerts(AlertFilter(open=True), limit=MAX_ALERTS):
            self._ledger.put([act_record("acknowledge", by, {"alert": alert.id, "reason": reason})])

    def _look(self) -> Outcome:
        happened: list[Happened] = []
        for alert in self.answers.alerts(AlertFilter(), limit=MAX_ALERTS):
            story = self.answers.alert(alert.id)
            if story is None:
                continue
            happened += [Happened(alert=story.alert, step=step) for step in story.steps]
        happened.sort(key=_order)
        return Outcome(happened=tuple(happened), told=self._told())

    def _told(self) -> tuple[tuple[str, str], ...]:
        columns = schema.delivery.c
        order = columns.created_ms, columns.alert, columns.sequence, columns.receiver
        wanted = select(columns.receiver, columns.body).order_by(*order)
        with self._database.read() as connection:
            found = connection.execute(wanted).all()
        return tuple((receiver, str(orjson.loads(body)["type"])) for receiver, body in found)


def _order(one: Happened) -> tuple[int, int, str, str, str, int]:
    subject = one.alert.cause.subject
    return (
        one.step.at_ms, one.step.event_ms, one.alert.cause.kind.value, subject.point or subject.gateway or "",
        one.alert.cause.rule or "", one.step.sequence,
    )  # fmt: skip

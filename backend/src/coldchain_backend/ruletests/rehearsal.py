"""A script played on the real judging, over a ledger in memory and a database that is thrown away."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
from sqlalchemy import select

from coldchain.errors import InvalidInput
from coldchain.words import Text
from coldchain_backend.alerts import Alert, Transition
from coldchain_backend.judging import AlertFilter, Answers, Judging, Settings
from coldchain_backend.ledger import ActName, Json, MarkName, MemoryLedger, act_record, mark_record
from coldchain_backend.ruletests.steps import (
    Acknowledge,
    BackUp,
    Down,
    Put,
    Restart,
    Restored,
    Script,
    Shelve,
    Unheard,
)
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
class Telling:
    """What a receiver heard at `at_ms`: as which type of event, about which alert, in both languages.

    id   the same on every attempt: who has heard it drops it when it comes again
    """

    id: str
    receiver: str
    type: str
    alert: str
    at_ms: int
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that came of a script, by the log's stamps; `told` as it was heard, in order."""

    happened: tuple[Happened, ...]
    told: tuple[Telling, ...]


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
    try:
        with closing(Rehearsal(organisation, folder / FILE)) as rehearsal:
            yield rehearsal
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Rehearsal:
    """Plays one script."""

    def __init__(self, organisation: str, path: Path) -> None:
        self._settings, self._path = Settings(organisation=organisation), path
        self._clock = HandClock()
        self._ledger = MemoryLedger(organisation, self._clock)
        self._open()
        self._announced: set[tuple[str, str]] = set()
        self._heard: dict[str, Telling] = {}
        self._kept: tuple[bytes, MemoryLedger] | None = None

    def _open(self) -> None:
        self._database = Database(self._path)
        self._books = Books(self._database)
        self._judging = Judging(self._books, self._settings, self._ledger)
        self.answers = Answers(Records(self._database), self._settings.organisation, self._ledger)

    def close(self) -> None:
        """Close the database."""
        self._books.close()
        self._database.close()

    def play(self, script: Script) -> Outcome:
        """Let everything happen, and look at what came of it."""
        for step in script.steps:
            self._clock.at_ms = step.at_ms
            match step.action:
                case Put(record=record):
                    self._ledger.put([record])
                case Restart():
                    self._judge()
                    self._judging = Judging(self._books, self._settings, self._ledger)
                case Acknowledge(by=by, reason=reason):
                    self._act_on_all("acknowledge", by, {"reason": reason})
                case Shelve(by=by, reason=reason, until_ms=until_ms):
                    self._act_on_all("shelve", by, {"reason": reason, "until": until_ms})
                case Unheard() as unheard:
                    self._announce(unheard)
                case BackUp():
                    self._back_up()
                case Restored(by=by, reason=reason):
                    self._restore(by, reason, script.down)
        self._judge()
        self._hear(script.down)
        return self._look()

    def _judge(self) -> None:
        while records := self._ledger.read(self._judging.offset, READ_AT_ONCE):
            self._judging.consume(records)

    def _act_on_all(self, act: str, by: str, details: dict[str, Json]) -> None:
        self._judge()
        for alert in self.answers.alerts(AlertFilter(open=True), limit=MAX_ALERTS):
            self._ledger.put([act_record(act, by, {"alert": alert.id, **details})])

    def _announce(self, unheard: Unheard) -> None:
        """As the courier does: critical alerts that wait for a receiver for too long."""
        self._judge()
        columns, late_ms = schema.delivery.c, self._clock.at_ms - unheard.after_ms
        wanted = select(columns.alert, columns.body).where(
            columns.receiver == unheard.receiver,
            columns.created_ms >= unheard.since_ms,
            columns.created_ms <= late_ms,
        )
        with self._database.read() as connection:
            rows = connection.execute(wanted).all()
        found = [row.alert for row in rows if orjson.loads(row.body)["data"].get("critical")]
        fresh = [one for one in dict.fromkeys(found) if (unheard.receiver, one) not in self._announced]
        if fresh:
            self._announced.update((unheard.receiver, one) for one in fresh)
            said: dict[str, Json] = {"receiver": unheard.receiver, "alerts": [*fresh]}
            self._ledger.put([mark_record(MarkName.UNDELIVERED, said)])

    def _back_up(self) -> None:
        self._judge()
        with closing(sqlite3.connect(self._path)) as source:
            self._kept = source.serialize(), self._ledger.copy()

    def _restore(self, by: str, reason: str, down: Sequence[Down]) -> None:
        """What was told stays told; all else is as it was at the backup."""
        if self._kept is None:
            raise InvalidInput("nothing was backed up")
        self._judge()
        self._hear(down)
        image, self._ledger = self._kept
        self._books.close()
        self._database.close()
        for ending in ("-wal", "-shm"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        self._path.write_bytes(image)
        self._open()
        self._ledger.put([act_record(ActName.RESTORE.value, by, {"reason": reason})])
        self._ledger.put([mark_record(MarkName.START)])

    def _hear(self, down: Sequence[Down]) -> None:
        """Each telling is heard when it is queued, or when its receiver can be reached again."""
        columns = schema.delivery.c
        order = columns.created_ms, columns.alert, columns.sequence, columns.receiver
        with self._database.read() as connection:
            rows = connection.execute(select(schema.delivery).order_by(*order)).all()
        for row in rows:
            waits = [one.to_ms for one in down if one.holds(row.receiver, row.created_ms)]
            said = orjson.loads(row.body)
            text = said["data"].get("text") or {}
            telling = Telling(
                id=row.id,
                receiver=row.receiver,
                type=str(said["type"]),
                alert=row.alert,
                at_ms=max([row.created_ms, *waits]),
                text=Text(en=str(text.get("en", "")), zh=str(text.get("zh", ""))),
            )
            self._heard.setdefault(row.id, telling)

    def _look(self) -> Outcome:
        happened: list[Happened] = []
        for alert in self.answers.alerts(AlertFilter(), limit=MAX_ALERTS):
            story = self.answers.alert(alert.id)
            if story is None:
                continue
            happened += [Happened(alert=story.alert, step=step) for step in story.steps]
        happened.sort(key=_order)
        return Outcome(happened=tuple(happened), told=tuple(sorted(self._heard.values(), key=_heard_at)))


def _heard_at(one: Telling) -> int:
    return one.at_ms


def _order(one: Happened) -> tuple[int, int, str, str, str, int]:
    subject = one.alert.cause.subject
    return (
        one.step.at_ms, one.step.event_ms, one.alert.cause.kind.value, subject.point or subject.gateway or "",
        one.alert.cause.rule or "", one.step.sequence,
    )  # fmt: skip

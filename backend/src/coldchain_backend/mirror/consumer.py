"""The mirror: follows the ledger and the change log of judging, each by its number, and writes to InfluxDB.

It never goes past what judging has committed, so that the series hold all that it passes. A position is kept
only once everything before it was answered; after any fault it goes on from there, and what is written twice
is the same. What a change touches is deleted, that is waited for, and then it is written again.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from coldchain.spans import LONGEST_DAY_MS
from coldchain_backend.influx import InfluxTrouble
from coldchain_backend.judging.contracts import Progress
from coldchain_backend.judging.versions import fleet_of
from coldchain_backend.ledger import Ledger, Record
from coldchain_backend.mirror.contracts import Bucket, Changes, MirrorBook, Position, Recall
from coldchain_backend.mirror.guard import Guard
from coldchain_backend.mirror.intake import Intake
from coldchain_backend.mirror.memory import load, save
from coldchain_backend.mirror.moved import write_again
from coldchain_backend.mirror.pen import Pen
from coldchain_backend.mirror.retag import retag
from coldchain_backend.mirror.shape import SHAPES
from coldchain_backend.mirror.standing import HOUR_MS
from coldchain_backend.mirror.state import MirrorState
from coldchain_backend.mirror.writer import Writer
from coldchain_runtime.logs import Log

RECORDS: Final = 8_192
CHUNK_BYTES: Final = 8 << 20
ROWS: Final = 500
PAGES: Final = 40
"""So many times so many rows of the change log are taken together: what they touch again and again behind an
outage is written once."""
KEEP_MS: Final = 3_000
"""So much is written twice at most after a kill while much has to be caught up."""
TICK_MS: Final = 60_000
TELL_MS: Final = 1_000
"""A point is summed up once in so much time for each point that there is: it takes some 4 ms."""
FORGET_ROWS: Final = 5_000
EVER_NS: Final = (-(1 << 62), 1 << 62)
_log = Log("mirror")


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorPorts:
    """What the mirror reads and writes; `file` keeps its position, `now_ms` is the wall clock."""

    ledger: Ledger
    recall: Recall
    book: MirrorBook
    bucket: Bucket
    file: Path
    now_ms: Callable[[], int]
    organisation: str


class Mirror:
    """Belongs to one thread. `turn` does a piece of work; InfluxTrouble where it cannot be done now."""

    def __init__(self, ports: MirrorPorts, state: MirrorState, guard: Guard) -> None:
        self._ports, self.state, self._guard = ports, state, guard
        self._writer = Writer(ports.bucket.write, state.tally)
        self._pen: Pen | None = None
        self._intake: Intake | None = None
        self._saved: tuple[int, ...] = ()
        self._kept_ms = self._forgotten = 0
        self._refill = ""
        self._unsure = True

    @property
    def position(self) -> Position | None:
        """How far it has come."""
        return None if self._pen is None else self._pen.position

    def refill(self, why: str) -> None:
        """Write everything anew from the next turn on; from any thread."""
        self._refill = why

    def begin_again(self) -> None:
        """After a fault: forget what was not answered, go on from the position that was kept."""
        self._writer.forget()
        self._pen = self._intake = None
        self._unsure = True

    def close(self) -> None:
        """Keep the position and end."""
        if self._pen is not None and self.state.trouble is None:
            with suppress(InfluxTrouble):  # what was not answered is written again after the next start
                self._writer.drain()
                save(self._ports.file, self._pen.position)
        self._writer.close()
        self._ports.bucket.close()

    def turn(self) -> bool:
        """Do a piece of work; whether there is more of it now."""
        progress = self._ports.recall.progress()
        self.state.judged, self.state.judged_stamp_ms = progress.offset, progress.stamp_ms
        pen = self._follow_fleet(self._opened())
        position = pen.position
        records = self._records(pen, progress)
        if self._intake is None:
            self._intake = Intake(pen.fleet, position)
        pen.write(self._intake.take(records))
        more = self._follow_changes(pen)
        behind = position.ledger < progress.offset
        self._tick(pen, behind=behind)
        if not behind and not more:
            self._tell(pen)
        now_ms = self._ports.now_ms()
        if not behind or not 0 <= now_ms - self._kept_ms < KEEP_MS:
            self._keep(position, now_ms, behind=behind)
        return behind or more

    def _opened(self) -> Pen:
        """The pen to go on with; where the bucket has to be filled, one for a position at the beginning."""
        known = load(self._ports.file) if self._pen is None else self._pen.position
        why = self._refill or self._guard.look(known, self._ports.now_ms())
        if known is None or why:
            self._pen = self._begin(why)
        elif self._pen is None:
            self._pen = self._pen_for(known)
        return self._pen

    def _begin(self, why: str) -> Pen:
        """Clear the bucket of what is ours, and begin."""
        _log.event("mirror.fills", why=why, target=self._guard.target)
        self.state.filling, self.state.why, self._refill = True, why, ""
        self.state.fills += 1
        for name in SHAPES:
            self._ports.bucket.delete(name, {"organisation": self._ports.organisation}, EVER_NS)
        position = Position(target=self._guard.target, fill=self._guard.fresh(), fleet=self._newest(0))
        save(self._ports.file, position)
        return self._pen_for(position)

    def _pen_for(self, position: Position) -> Pen:
        ports, self._intake = self._ports, None
        fleet = fleet_of(ports.recall.fleets(0), ports.organisation, ports.recall.said(0))
        return Pen(
            bucket=ports.bucket,
            writer=self._writer,
            recall=ports.recall,
            book=ports.book,
            fleet=fleet.as_of(position.fleet),
            position=position,
            unsure=self._unsure,
        )

    def _newest(self, after: int) -> int:
        """The newest record behind a number that says something of fleet or zones; else that number."""
        recall = self._ports.recall
        fleets = (one.offset for one in recall.fleets(after))
        return max([after, *fleets, *(one.number for one in recall.said(after))])

    def _follow_fleet(self, pen: Pen) -> Pen:
        """Follow what is said of fleet and zones: what it touches is deleted and written again."""
        newest = self._newest(pen.position.fleet)
        if newest == pen.position.fleet:
            return pen
        pen.position.fleet = newest
        self._pen = fresh = self._pen_for(pen.position)
        touched = retag(pen.fleet, fresh.fleet)
        if touched:
            write_again(fresh, touched)
            _log.event(
                "mirror.touched", sensors=len(touched.readings), gaps=len(touched.gaps),
                zones=len(touched.limits), points=len(touched.points),
            )  # fmt: skip
        return fresh

    def _records(self, pen: Pen, progress: Progress) -> Sequence[Record]:
        position = pen.position
        if position.ledger >= progress.offset:
            return ()
        found = self._ports.ledger.read(position.ledger, min(RECORDS, progress.offset - position.ledger))
        if found and found[0].offset != position.ledger + 1:
            _log.event("mirror.from_series", why="older records were let go", first=found[0].offset)
            pen.all_of_series()
            position.ledger, position.stamp_ms = progress.offset, progress.stamp_ms
            return ()
        size = 0
        for index, record in enumerate(found):
            size += len(record.payload)
            if size > CHUNK_BYTES and index:
                return found[:index]
        return found

    def _follow_changes(self, pen: Pen) -> bool:
        """Follow what judging notes of its commits; whether there is more."""
        position, log = pen.position, self._ports.book.log()
        if log.name != position.log or not position.judged:
            pen.all_of_judging()
            position.log, position.change, position.judged = log.name, log.newest, True
            return False
        changes, more, pages = Changes.none(), True, 0
        while more and pages < PAGES:
            rows, pages = self._ports.book.changes(position.change, ROWS), pages + 1
            for number, one in rows:
                changes.add(one)
                position.change = number
            more = len(rows) == ROWS
        pen.changes(changes)
        return more

    def _tick(self, pen: Pen, *, behind: bool) -> None:
        """Time has passed in the log: every minute, every hour while much has to be caught up."""
        position, step_ms = pen.position, HOUR_MS if behind else TICK_MS
        if position.stamp_ms // step_ms <= position.ticked_ms // step_ms:
            return
        before_ms, position.ticked_ms = position.ticked_ms, position.stamp_ms
        pen.tick(before_ms)
        if not behind:
            excursions, alerts = self._ports.book.open_ids()
            pen.changes(Changes(excursions=set(excursions), alerts=set(alerts)))

    def _tell(self, pen: Pen) -> None:
        """Sum up what goes on: at every tick in a small fleet, less often where that takes longer."""
        position = pen.position
        since_ms, told_ms = position.ticked_ms - position.told_ms, position.told_ms
        if since_ms < max(TICK_MS, len(pen.points) * TELL_MS) and (told_ms or not since_ms):
            return
        position.told_ms = position.ticked_ms
        for zone in pen.zones:
            for span in pen.windows(zone, told_ms - LONGEST_DAY_MS):
                self._writer.put([cell.line for cell in pen.expected.accounted.loose(zone, *span)])

    def _sure(self) -> None:
        """From here on it is known what was written."""
        if self._unsure and self._pen is not None:
            self._unsure, self._pen = False, replace(self._pen, unsure=False)

    def _keep(self, position: Position, now_ms: int, *, behind: bool) -> None:
        """Wait until everything was answered, mark it in the bucket now and then, and keep the position.

        While much has to be caught up that is done now and then: else InfluxDB would stand idle while the
        next records are read, and we while it takes the last bodies.
        """
        self._writer.drain()
        self.state.ledger, self.state.stamp_ms = position.ledger, position.stamp_ms
        self._kept_ms = now_ms
        if not behind and self.state.filling:
            _log.event("mirror.filled", ledger=position.ledger, points=self.state.tally.points)
            self.state.filling = False
        if self._guard.due(now_ms):
            self._guard.mark(position, now_ms)
        reached = position.ledger, position.change, position.ticked_ms, position.marked
        if reached != self._saved:
            save(self._ports.file, position)
            self._saved = reached
            self._sure()
            if position.change - self._forgotten > FORGET_ROWS:
                self._ports.book.forget(position.change)
                self._forgotten = position.change

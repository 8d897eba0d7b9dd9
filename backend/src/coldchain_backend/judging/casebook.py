"""The casebook: excursions under lasting ids, kept, and shown to the desk for their alerts."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from coldchain.excursions import Excursion, State
from coldchain.profiles import Level
from coldchain_backend.alerts import Cause, Desk, End, EndKind
from coldchain_backend.judging.causes import cause_of
from coldchain_backend.judging.contracts import Gone, Memory, StoredExcursion
from coldchain_backend.judging.courses import Course, told_the_same
from coldchain_backend.judging.dues import DueKind
from coldchain_backend.judging.firsts import Firsts
from coldchain_backend.judging.held import Held
from coldchain_backend.judging.identity import Found, match
from coldchain_backend.judging.marked import told_of
from coldchain_backend.judging.present import Present, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """Why excursions are revised when no reading did it: the ledger record, and whose doing it was."""

    number: int
    by: str


_EVER_MS: Final = 1 << 62


class Casebook:
    """Knows which excursions are open, and which ended while the gateway has holes (`held`)."""

    def __init__(self, memory: Memory, desk: Desk, present: Present, settings: Settings) -> None:
        self._memory, self._desk, self._present, self._settings = memory, desk, present, settings
        self.held = Held(present.dues)
        self._unpaged: set[str] = set()
        self._firsts = Firsts(memory, present)

    def restore(
        self, stored: Iterable[StoredExcursion], paged: AbstractSet[str], newest: Mapping[str, int]
    ) -> None:
        """Take up the open and held excursions that were stored; of those `paged` people were told.

        `newest`: by when all that were ever stored of a point had opened as they were stored first.
        """
        self._firsts.know(newest)
        for one in stored:
            course = self._present.courses.get(one.key)
            if course is None:
                continue
            if one.excursion.closed_ms is None:
                course.open[one.excursion.rule] = one
                self._unpaged |= {one.id} - paged
            elif one.held_ms is not None:
                self.held.hold(one, course)
        for course in self._present.courses.values():
            self.schedule(course)

    def after_readings(self, course: Course, closed: Sequence[Found]) -> None:
        """Readings in order: what closed, and what is open now."""
        for found in closed:
            rule = found.excursion.rule
            stored = course.open.pop(rule, None) or self._fresh(course, found.excursion)
            ended = replace(stored, excursion=found.excursion, end_value=found.end_value)
            self._unpaged.discard(ended.id)
            self._settle(ended, course)
        self.after_time(course)

    def after_time(self, course: Course) -> None:
        """Time has passed, or readings came: look at what is open, and set the next due time."""
        shown = course.shown(self._present.now_ms)
        for excursion in shown.open:
            self._go_on(course, excursion)
        self.schedule(course, shown)

    def schedule(self, course: Course, shown: State | None = None) -> None:
        """Set the due times of a course; `shown`: how it stands now, where that is known."""
        due_ms = None
        if course.open:
            due_ms = course.due_ms(course.shown(self._present.now_ms) if shown is None else shown)
        self._present.dues.set(DueKind.LEVEL, course.key, due_ms)
        self._present.dues.set(DueKind.LATE, course.key, course.late_due_ms)

    def _go_on(self, course: Course, excursion: Excursion) -> None:
        known = course.open.get(excursion.rule)
        first = known is None and self._firsts.is_newest(course.spell.place.point.id, excursion)
        stored = known or self._fresh(course, excursion)
        if known is not None:
            stored = replace(known, excursion=excursion)
        ended = course.over(self._present.now_ms)
        if known is None or not told_the_same(known.excursion, excursion, to_the_last=ended):
            course.open[excursion.rule] = self._put(stored)
        elif stored.id not in self._unpaged or excursion.level is not Level.ALARM:
            return
        self._look(stored, course, first=first)

    def after_late(
        self,
        course: Course,
        old: Sequence[StoredExcursion],
        new: Sequence[Found],
        because: Because | None = None,
    ) -> None:
        """Late readings: the excursions of a stretch of time as they were stored, and as they are now."""
        matched = match(old, new)
        for one in [*matched.kept, *matched.gone]:
            if course.open.get(one.excursion.rule, one).id == one.id:
                course.open.pop(one.excursion.rule, None)
            self.held.release(one.id)
        before = {one.id: one for one in old}
        kept = matched.kept + [
            self._fresh(course, found.excursion, found.end_value) for found in matched.fresh
        ]
        for one in kept:
            was = before.get(one.id)
            ended = was is not None and was.excursion.closed_ms is not None and was.held_ms is None
            if not (ended and was == one):
                self._again(_revised(one, was, because), course, wait=not ended, quiet=because is not None)
        for one in matched.gone:
            self._part_with(_revised(one, before.get(one.id), because), course, because)
        self.schedule(course)

    def _part_with(self, one: StoredExcursion, course: Course, because: Because | None) -> None:
        """An excursion that no longer is one: withdrawn, or part of another."""
        self._put(one)
        cause = cause_of(one, course, self._present.now_ms)
        if one.gone is Gone.MERGED and one.into is not None:
            self._desk.merge(cause, one.into, self._present.now_ms, self._present.fleet)
        elif because is None:
            self._show(cause)
        else:
            self._close(cause, because)

    def _close(self, cause: Cause, because: Because) -> None:
        """A person's doing ends an alert that goes on; one that has ended stays as it was told."""
        alert = self._desk.alert_of(cause.id)
        if alert is not None and alert.state.open:
            now_ms = self._present.now_ms
            end = End(kind=EndKind.CLOSED, event_ms=now_ms, by=because.by)
            self._desk.look(replace(cause, level=alert.level, end=end), now_ms, self._present.fleet)

    def withdraw(self, course: Course, because: Because) -> None:
        """The time of a course is no longer judged: none of its excursions is one any more."""
        now = {one.id: one for one in course.standing(self._present.now_ms)}
        for stored in self._memory.excursions(course.key, 0, _EVER_MS):
            self.held.release(stored.id)
            one = now.get(stored.id, stored)
            gone = replace(one, gone=Gone.WITHDRAWN, revision=one.revision + 1, held_ms=None)
            self._part_with(replace(gone, because=because.number), course, because)
        course.open.clear()
        course.settle_late()
        self.schedule(course)

    def _put(self, stored: StoredExcursion) -> StoredExcursion:
        """Keep an excursion as it is from this record of the log on."""
        noted = replace(stored, noted=self._present.offset, noted_ms=self._present.now_ms)
        self._memory.put_excursion(noted)
        self._firsts.note(noted)
        return noted

    def _again(self, one: StoredExcursion, course: Course, *, wait: bool, quiet: bool) -> None:
        """Keep a revised excursion; quiet: an alert that has ended stays as it was told."""
        alert = self._desk.alert_of(one.id) if quiet else None
        told = alert is None or alert.state.open
        if told and one.excursion.closed_ms is not None:
            self._settle(one, course, wait=wait)
            return
        kept = self._put(one)
        if one.excursion.closed_ms is None:
            course.open[one.excursion.rule] = kept
        if told:
            self._look(one, course)

    def close_spell(self, course: Course) -> None:
        """The sensor's time at its point is over by a change of configuration."""
        if not course.over(self._present.now_ms):
            return
        self.after_time(course)
        for stored in course.standing(self._present.now_ms):
            self._look(stored, course)

    def _settle(self, stored: StoredExcursion, course: Course, *, wait: bool = True) -> None:
        """An excursion closed: its alert ends now, or is held while batches are missing."""
        self.held.release(stored.id)
        held_ms = None
        if wait and self._waits(course):
            held_ms = stored.held_ms or self._present.now_ms + self._settings.holes_ms
        stored = replace(stored, held_ms=held_ms)
        if held_ms is not None:
            self.held.hold(stored, course)
        self._put(stored)
        self._look(stored, course)

    def _waits(self, course: Course) -> bool:
        return course.late_due_ms is not None or self._present.has_holes(course.key.sensor)

    def release_whole(self) -> None:
        """End the alerts that waited and need to no longer."""
        for excursion, course in self.held.all():
            if not self._waits(course):
                self._let_end(excursion, incomplete=False)

    def release_due(self, excursion: str) -> None:
        """End an alert although batches are still missing: they did not come in time."""
        self._let_end(excursion, incomplete=True)

    def _let_end(self, excursion: str, *, incomplete: bool) -> None:
        held = self.held.release(excursion)
        if held is not None:
            stored, course = held
            stored = replace(stored, held_ms=None, incomplete=incomplete)
            self._put(stored)
            self._look(stored, course)

    def _fresh(self, course: Course, excursion: Excursion, end_value: float | None = None) -> StoredExcursion:
        stored = self._firsts.begin(course, excursion, end_value)
        self._unpaged.add(stored.id)
        return stored

    def _look(self, stored: StoredExcursion, course: Course, *, first: bool = False) -> None:
        if self._show(told_of(stored, course, self._memory, self._present), first=first):
            self._unpaged.discard(stored.id)

    def _show(self, cause: Cause, *, first: bool = False) -> bool:
        alert = self._desk.look(cause, self._present.now_ms, self._present.fleet, first=first)
        return alert is not None and alert.paged


def _revised(one: StoredExcursion, was: StoredExcursion | None, because: Because | None) -> StoredExcursion:
    """Name the record that made a new revision, where it was not a reading."""
    same = was is not None and was.revision == one.revision
    return one if same else replace(one, because=None if because is None else because.number)

"""Records of the log → what they mean, one after another, in memory and through `Memory`'s puts.

The log is the only clock: a due time fires before the first record stamped at or after it.
"""

from collections.abc import Iterable

from coldchain_backend.alerts import Act, DueName, follow_act
from coldchain_backend.judging.absence import Absence
from coldchain_backend.judging.acts import look_at_act
from coldchain_backend.judging.alert_dues import desk_of
from coldchain_backend.judging.audited import note
from coldchain_backend.judging.batches import (
    Content,
    Framed,
    Unjudged,
    framed,
    newest_ms,
    read,
)
from coldchain_backend.judging.casebook import Casebook
from coldchain_backend.judging.contracts import CourseKey, FleetRecord, Memory, Progress, Remembered
from coldchain_backend.judging.convoys import Convoy, together
from coldchain_backend.judging.courses import Course
from coldchain_backend.judging.device_conditions import Conditions
from coldchain_backend.judging.devices import Devices
from coldchain_backend.judging.dues import DueKind, Key
from coldchain_backend.judging.gateway_lines import follow_lines
from coldchain_backend.judging.hearing import Hearing
from coldchain_backend.judging.imports import Imports
from coldchain_backend.judging.late import judge_again
from coldchain_backend.judging.present import Present, Settings
from coldchain_backend.judging.revocations import revocation_of
from coldchain_backend.judging.revoking import Revoking
from coldchain_backend.judging.roll_call import RollCall
from coldchain_backend.judging.sequences import follow_sequence
from coldchain_backend.judging.takings import Takings
from coldchain_backend.judging.versions import with_record
from coldchain_backend.judging.zones import Zones
from coldchain_backend.ledger import ActName, Kind, Ledger, MarkName, Record, read_json


class Reader:
    """What judging knows between two commits; `present` is it in values, all else acts upon it."""

    def __init__(
        self, memory: Memory, settings: Settings, remembered: Remembered, ledger: Ledger | None
    ) -> None:
        self._memory, self._settings = memory, settings
        self.present = self._present = Present.load(remembered, settings.organisation)
        self._desk = desk_of(self._memory, self._present, self._settings, remembered)
        self._casebook = Casebook(self._memory, self._desk, self._present, self._settings)
        self._casebook.restore(remembered.excursions, remembered.desk.paged, remembered.newest)
        conditions = Conditions(self._memory, self._desk, self._present)
        hearing = Hearing(self._present, conditions, self._settings)
        self._absence = Absence(self._memory, self._desk, self._present, self._settings, hearing)
        self._roll_call = RollCall(self._memory, self._desk, self._present, self._settings, self._absence)
        self._imports = Imports(self._present, conditions, self._roll_call)
        self._roll_call.expect_all()
        self._absence.expect_all()
        self._devices = Devices(self._memory, self._present, conditions)
        self._zones = Zones(self._memory, self._present, self._casebook, self._roll_call, self._devices)
        self._takings = Takings(self._memory, self._present, self._casebook, self._roll_call)
        self.revoking = self._revoking = Revoking(memory, self._present, ledger)

    @property
    def moved(self) -> dict[CourseKey, Course]:
        """Courses that have to be kept with the next commit."""
        return self._takings.moved

    def take_together(self, convoy: Convoy) -> bool:
        """Take batches as one; false, with only time passed, where they have to be told apart."""
        present, last = self._present, convoy[-1]
        present.begin_record(convoy[0].record.offset)
        self._fire_dues(last.record.received_ms)
        present.now_ms = last.record.received_ms
        waits = self._casebook.held or self._roll_call.postponed.get(last.meta.gateway)
        content = None if waits else together(convoy, present, self._settings, self._zones.inputs)
        if content is None:
            return False
        present.begin_record(last.record.offset)
        self._take_content(content, newest_ms(read(last, present.known)))
        self._read_up_to(last.record)
        return True

    def take(self, record: Record, batch: Framed | None = None) -> None:
        """Take one record; of a batch it may have been taken apart already."""
        present = self._present
        present.begin_record(record.offset)
        start = _is_start(record)
        if not start:
            self._fire_dues(record.received_ms)
        present.now_ms = record.received_ms
        note(record, self._memory, present.fleet)
        match record.kind:
            case Kind.BATCH:
                self._take_batch(batch or framed(record))
            case Kind.FLEET:
                self._take_fleet(record)
            case Kind.ACT:
                self._take_act(record)
            case Kind.MARK:
                self._imports.take_mark(read_json(record.payload), self._desk)
        self._read_up_to(record, start=start)
        if start:
            self._imports.begin_again()
            self._fire_dues(record.received_ms)

    def _read_up_to(self, record: Record, *, start: bool = False) -> None:
        stamp_ms = record.received_ms
        started_ms = stamp_ms if start else self._present.progress.started_ms
        self._present.progress = Progress(offset=record.offset, stamp_ms=stamp_ms, started_ms=started_ms)

    def _fire_dues(self, until_ms: int) -> None:
        """Fire what is due, each as of its own time, or of the mark where that lies in our downtime."""
        present = self._present
        while (due := present.dues.pop(until_ms)) is not None:
            due_ms, kind, key = due
            present.now_ms = max(present.now_ms, due_ms)
            self._fire(kind, key)

    def _fire(self, kind: DueKind, key: Key) -> None:
        match kind, key:
            case DueKind.LATE, (str() as sensor, int() as from_ms, str() as quantity):
                course = self._course(CourseKey(sensor, from_ms, quantity))
                judge_again(course, self._memory, self._casebook, self._present.now_ms)
                self._casebook.release_whole()
            case DueKind.LEVEL, (str() as sensor, int() as from_ms, str() as quantity):
                self._casebook.after_time(self._course(CourseKey(sensor, from_ms, quantity)))
            case DueKind.RELEASE, (str() as excursion,):
                self._casebook.release_due(excursion)
            case DueKind.SILENCE, (str() as sensor,):
                self._roll_call.silence_due(sensor)
            case DueKind.OFFLINE, (str() as gateway,):
                self._absence.due(gateway)
            case DueKind.DEVICE, (str() as kind_of, str() as subject):
                self._devices.due(kind_of, subject)
            case DueKind.ZONE, (str() as zone,):
                self._changed(self._zones.due(zone))
            case DueKind.ALERT, (str() as of, str() as name):
                self._desk.due(of, DueName(name), self._present.now_ms, self._present.fleet)

    def _course(self, key: CourseKey) -> Course:
        course = self._takings.moved[key] = self._present.courses[key]
        return course

    def _take_batch(self, batch: Framed) -> None:
        content = read(batch, self._present.known)
        if content.key in self._present.revoked:
            content = Content(meta=content.meta, first=content.first, key=content.key, origin=content.origin)
            content.refuse(Unjudged.KEY_REVOKED, content.key)
            self._count(content)
            return
        self._take_content(content, newest_ms(content))

    def _take_content(self, content: Content, newest: int | None) -> None:
        """Take what batches say; `newest`: the newest event time in the last of them."""
        if content.sealed:
            follow_sequence(content, newest, self._memory, self._present)
        follow_lines(content, self._memory, self._roll_call, self._present)
        for sensor, parts in content.readings.items():
            self._changed(self._zones.hear(sensor, parts))
            self._devices.hear(sensor, parts)
            self._takings.take(sensor, parts, content.meta.gateway)
        for sensor, parts in content.unassigned.items():
            self._takings.keep(sensor, parts, content.meta.gateway)
        self._devices.look_at_times(content)
        self._count(content)
        self._casebook.release_whole()

    def _count(self, content: Content) -> None:
        for reason, number in content.unjudged.items():
            self._memory.count(reason.value, number, self._present.now_ms, content.samples.get(reason, ""))

    def _take_fleet(self, record: Record) -> None:
        kept, present = FleetRecord.of(record), self._present
        before = {sensor: present.fleet.spells(sensor) for sensor in present.ever}
        present.fleet = with_record(present.fleet, kept)
        self._memory.put_fleet(kept)
        self._changed(self._zones.take_fleet(before, present.fleet.current.by))
        self._desk.replan(present.now_ms, present.fleet)

    def _take_act(self, record: Record) -> None:
        present, fields = self._present, read_json(record.payload)
        revocation = revocation_of(record)
        if revocation is not None:
            self._changed(self._revoking.follow(revocation, self._takings, self._zones))
            return
        act = Act(number=present.offset, fields=fields, now_ms=present.now_ms, fleet=present.fleet)
        if follow_act(self._desk, act):
            return
        if fields.get("act") == ActName.ZONE_STATE.value:
            self._changed(self._zones.take_act(fields))
        elif look_at_act(fields, self._memory, self._desk, present) is not None:
            self._casebook.release_whole()

    def _changed(self, courses: Iterable[Course]) -> None:
        """Keep what was judged again by a change of what is valid."""
        self._takings.moved.update((course.key, course) for course in courses)


def _is_start(record: Record) -> bool:
    """Whether a record says that we are (again) there: a start, or a ledger that came back from a backup."""
    if record.kind is Kind.MARK:
        return read_json(record.payload).get("mark") == MarkName.START.value
    return record.kind is Kind.ACT and read_json(record.payload).get("act") == ActName.RESTORE.value

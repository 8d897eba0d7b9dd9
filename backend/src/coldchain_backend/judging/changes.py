"""What was valid changed, also in the past: courses are judged again and what they found is revised.

A fleet version, an act or an input may move a sensor, change its limits or take its zone out of use from
an instant on. Excursions of time that is no longer judged are withdrawn, those of time that now is are found;
each revision names the record that made it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from coldchain_backend.fleet import Spell
from coldchain_backend.judging.casebook import Because, Casebook
from coldchain_backend.judging.contracts import Folded, Memory
from coldchain_backend.judging.courses import Course
from coldchain_backend.judging.late import judge_again
from coldchain_backend.judging.present import Present

Spells = Mapping[str, tuple[Spell, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Compares the spells of sensors before and after a change, and has judged again what differs."""

    memory: Memory
    present: Present
    casebook: Casebook

    def follow(self, sensors: Iterable[str], before: Spells, because: Because) -> list[Course]:
        """Judge again after `present` knows the new spells; the courses that changed."""
        changed: list[Course] = []
        for sensor in sorted(sensors):
            was = {one.from_ms: one for one in before.get(sensor, ()) if one.in_use}
            now = {one.from_ms: one for one in self.present.fleet.spells(sensor) if one.in_use}
            for from_ms, spell in list(was.items()):
                if from_ms not in now or _moved(spell, now[from_ms]):
                    self._withdraw(was.pop(from_ms), because)
            certified = self._recertified(sensor)
            self.present.know_sensors([sensor])
            for from_ms, spell in now.items():
                if from_ms not in was or certified or _differs(was[from_ms], spell):
                    changed += self._again(was.get(from_ms), spell, because)
        return changed

    def without(self, sensor: str, first_ms: int, last_ms: int, because: Because) -> Iterable[Course]:
        """Judge again where readings between two instants are not in the series any more."""
        for _, courses in self.present.stretch(sensor, first_ms, last_ms):
            for course in courses:
                before = self.memory.snapshot(course.key, first_ms)
                self.memory.drop_snapshots(course.key)
                if before is not None:
                    self.memory.put_snapshot(course.key, *before)
                course.folded = Folded()
                course.touch(max(first_ms, course.spell.from_ms), self.present.now_ms)
                course.touch(last_ms, self.present.now_ms)
                judge_again(course, self.memory, self.casebook, self.present.now_ms, because)
                yield course

    def _recertified(self, sensor: str) -> bool:
        """Whether values that are judged as corrected are now corrected otherwise."""
        now = self.present.fleet.certificates(sensor)
        return any(
            course.spell.profile.corrected and course.certificates != now
            for course in self.present.courses_at(sensor)
        )

    def _withdraw(self, spell: Spell, because: Because) -> None:
        for course in self.present.courses_of(spell):
            self._drop(course, spell, because)

    def _drop(self, course: Course, spell: Spell, because: Because) -> None:
        course.spell = spell
        self.casebook.withdraw(course, because)
        self.memory.drop_snapshots(course.key)
        self.present.courses.pop(course.key, None)

    def _again(self, was: Spell | None, now: Spell, because: Because) -> Iterable[Course]:
        quantities = {rule.quantity for rule in now.profile.rules}
        if was is not None:
            for course in self.present.courses_of(was):
                if course.key.quantity not in quantities:
                    self._drop(course, was, because)
        known = self.present.sensors.get(now.sensor)
        last_ms = None if known is None else known.last_ms
        first_ms = _first_touched_ms(was, now)
        for course in self.present.courses_of(now):
            if was is not None and (was.profile, was.interval_ms) != (now.profile, now.interval_ms):
                self.memory.drop_snapshots(course.key)
                course.folded = Folded()
            if last_ms is not None and last_ms >= first_ms:
                course.touch(first_ms, self.present.now_ms)
                course.touch(last_ms, self.present.now_ms)
                judge_again(course, self.memory, self.casebook, self.present.now_ms, because)
            if now.to_ms is not None and now.to_ms <= self.present.now_ms and course.open:
                self.casebook.close_spell(course)
            yield course


def _moved(was: Spell, now: Spell) -> bool:
    """Whether the same time of a sensor is now of another point or zone."""
    return (was.place.point.id, was.place.zone.id) != (now.place.point.id, now.place.zone.id)


def _differs(was: Spell, now: Spell) -> bool:
    return (was.to_ms, was.profile, was.interval_ms) != (now.to_ms, now.profile, now.interval_ms)


def _first_touched_ms(was: Spell | None, now: Spell) -> int:
    """From where on readings are judged otherwise than before."""
    if was is None or (was.profile, was.interval_ms) != (now.profile, now.interval_ms):
        return now.from_ms
    ends = [one.to_ms for one in (was, now) if one.to_ms is not None]
    return min(ends, default=now.from_ms)

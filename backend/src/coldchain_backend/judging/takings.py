"""What readings of a known sensor do: series, what is known of the sensor, and its courses take them in."""

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Final

from coldchain.excursions import State
from coldchain.readings import Quality
from coldchain_backend.judging.batches import Spoken, samples_of
from coldchain_backend.judging.casebook import Casebook
from coldchain_backend.judging.contracts import CourseKey, Memory, SensorState
from coldchain_backend.judging.courses import Course, Sample
from coldchain_backend.judging.present import Present
from coldchain_backend.judging.roll_call import RollCall
from coldchain_backend.series.blocks import quality_of

MOST_UNASSIGNED: Final = 1000
LOOK_BACK_MS: Final = 7 * 86_400_000
"""A sensor that has said nothing that counts for so long is as one that was never heard."""


class Takings:
    """`moved` are the courses that have to be kept with the next commit."""

    def __init__(self, memory: Memory, present: Present, casebook: Casebook, roll_call: RollCall) -> None:
        self._memory, self._present, self._casebook, self._roll_call = memory, present, casebook, roll_call
        self.moved: dict[CourseKey, Course] = {}

    def take(self, sensor: str, parts: Sequence[Spoken], gateway: str) -> None:
        """Take what a sensor said through a gateway."""
        series = self._memory.series
        for part in parts:
            series.add(sensor, part.rank, part.times, part.fields)
        self._hear(sensor, parts, gateway)
        first_ms, last_ms = min([part.times[0] for part in parts]), max([part.times[-1] for part in parts])
        for spell, courses in self._present.stretch(sensor, first_ms, last_ms):
            for course in courses:
                quiet = course.glance(parts[0]) if len(parts) == 1 else None
                if quiet is not None:
                    self._go_on(course, quiet)
                    continue
                samples = samples_of(parts, course.key.quantity, spell.from_ms, spell.to_ms)
                if samples:
                    self._judge(course, course.seen(samples))

    def unhear(self, sensor: str, first_ms: int, last_ms: int, times: Container[int]) -> None:
        """Some readings of a sensor do not count any more: its newest is the last that does."""
        state = self._present.sensors.get(sensor)
        if state is None or state.last_ms not in times:
            return
        readings, _ = self._memory.series.readings(sensor, first_ms - LOOK_BACK_MS, last_ms + 1)
        newest = readings[-1] if readings else None
        state = replace(
            state,
            last_ms=None if newest is None else newest.time_ms,
            values={} if newest is None else newest.values,
            quality=Quality.GOOD if newest is None else newest.quality,
        )
        self._present.sensors[sensor] = state
        self._memory.put_sensor(state)
        self._roll_call.expect(sensor)

    def keep(self, sensor: str, parts: Sequence[Spoken], gateway: str) -> None:
        """Keep what a sensor said that the fleet does not know: a later version may say where it stood.

        Of more than MOST_UNASSIGNED such sensors the readings stand in the ledger only.
        """
        known = self._present.sensors.get(sensor)
        if known is None and len(self._present.sensors) - len(self._present.known) >= MOST_UNASSIGNED:
            return
        for part in parts:
            self._memory.series.add(sensor, part.rank, part.times, part.fields)
        state = spoken(known or SensorState(sensor=sensor), parts, gateway, self._present.now_ms)
        self._present.sensors[sensor] = state
        self._memory.put_sensor(state)

    def _go_on(self, course: Course, quiet: State) -> None:
        """Nothing is open behind readings that were seen at a glance; what was stored as open ends."""
        course.state = quiet
        self.moved[course.key] = course
        if course.open or course.late_due_ms is not None:
            self._casebook.after_readings(course, ())

    def _judge(self, course: Course, samples: Sequence[Sample]) -> None:
        closed = course.take(samples, self._memory, self._present.now_ms)
        self.moved[course.key] = course
        if closed or course.open or course.late_due_ms is not None or course.state.open:
            self._casebook.after_readings(course, closed)

    def _hear(self, sensor: str, parts: Sequence[Spoken], gateway: str) -> None:
        before = self._present.sensors.get(sensor)
        state = spoken(before or SensorState(sensor=sensor), parts, gateway, self._present.now_ms)
        self._present.sensors[sensor] = state
        self._memory.put_sensor(state)
        self._roll_call.heard(before, state)


def spoken(state: SensorState, parts: Sequence[Spoken], gateway: str, now_ms: int) -> SensorState:
    """The sensor after readings that a gateway brought at a stamp of the log, with its newest values."""
    last_ms = max([part.times[-1] for part in parts])
    if state.last_ms is not None and last_ms <= state.last_ms:
        return replace(state, gateway=gateway, heard_ms=now_ms)
    newest = [part for part in parts if part.times[-1] == last_ms]
    values = dict(state.values)
    for part in newest:
        for name, column in part.fields.items():
            values[name] = column[-1]
    return SensorState(
        sensor=state.sensor,
        gateway=gateway,
        heard_ms=now_ms,
        last_ms=last_ms,
        values=values,
        quality=quality_of(newest[-1].rank),
        silent_since_ms=state.silent_since_ms,
        silent_ms=state.silent_ms,
    )

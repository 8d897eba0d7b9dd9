"""The use of zones: acts, schedules and inputs say when a zone is in use; judging and roll call follow."""

from collections.abc import Container, Iterator, Mapping, Sequence

from coldchain_backend.fleet import (
    Spell,
    StateEntry,
    StateInput,
    StateSource,
    Zone,
    ZoneState,
    entry_of_act,
    next_boundary_ms,
    scheduled_state,
)
from coldchain_backend.judging.batches import WORST_RANK, Spoken
from coldchain_backend.judging.casebook import Because, Casebook
from coldchain_backend.judging.changes import Changes
from coldchain_backend.judging.contracts import Memory
from coldchain_backend.judging.courses import Course
from coldchain_backend.judging.devices import Devices
from coldchain_backend.judging.dues import DueKind
from coldchain_backend.judging.present import Present
from coldchain_backend.judging.roll_call import RollCall
from coldchain_backend.ledger import Json

_EVER_MS = 1 << 60


class Zones:
    """Each statement about a zone is kept before judging follows it; all times are event time."""

    def __init__(
        self,
        memory: Memory,
        present: Present,
        casebook: Casebook,
        roll_call: RollCall,
        devices: Devices,
    ) -> None:
        self._memory, self._present = memory, present
        self._casebook, self._roll_call, self._devices = casebook, roll_call, devices
        self._changes = Changes(memory=memory, present=present, casebook=casebook)
        self._inputs: dict[str, list[tuple[str, StateInput]]] = {}
        self._know_inputs()
        self.expect()

    def _know_inputs(self) -> None:
        self._inputs.clear()
        for _, zone in self._present.fleet.plan.zones():
            if zone.state_input is not None:
                self._inputs.setdefault(zone.state_input.sensor, []).append((zone.id, zone.state_input))

    def expect(self) -> None:
        """Set when the state of each zone next changes by itself."""
        for _, zone in self._present.fleet.plan.zones():
            self._expect(zone)

    def _expect(self, zone: Zone) -> None:
        self._present.dues.set(DueKind.ZONE, (zone.id,), min(self._boundaries(zone), default=None))

    def _boundaries(self, zone: Zone) -> Iterator[int]:
        """Instants ahead at which the zone's state may change."""
        now_ms = self._present.now_ms
        for one in self._present.fleet.states(zone.id):
            yield from (at for at in (one.from_ms, one.to_ms) if at is not None and at > now_ms)
        if zone.schedule is not None:
            at_ms = next_boundary_ms(zone.schedule, self._time_zone(zone.id), now_ms)
            if at_ms is not None:
                yield at_ms

    def _time_zone(self, zone: str) -> str:
        plan = self._present.fleet.plan
        return next(asset.time_zone for asset, one in plan.zones() if one.id == zone)

    def _zone(self, zone: str) -> Zone | None:
        return next((one for _, one in self._present.fleet.plan.zones() if one.id == zone), None)

    def take_act(self, fields: Mapping[str, Json]) -> Sequence[Course]:
        """A person says in which state a zone is or was; the courses that changed."""
        entry = entry_of_act(fields, self._present.offset, self._present.now_ms)
        if entry is None or self._zone(entry.zone) is None:
            self._memory.count("bad_act", 1, self._present.now_ms, str(fields)[:200])
            return ()
        return self._say(entry.zone, [entry])

    def take_fleet(self, before: Mapping[str, tuple[Spell, ...]], by: str) -> Sequence[Course]:
        """A fleet version came, of which `present` has the plan: everything is compared with `before`."""
        self._know_inputs()
        for _, zone in self._present.fleet.plan.zones():
            for entry in self._first_said(zone):
                self._keep(entry)
        self._present.know_fleet()
        because = Because(number=self._present.offset, by=by)
        changed = self._changes.follow(self._present.ever, before, because)
        self._roll_call.close_unwatched(by)
        self._roll_call.call()
        self._devices.close_unwatched(self._present.ever, by)
        self.expect()
        return changed

    def _first_said(self, zone: Zone) -> Iterator[StateEntry]:
        """What schedule and input say from the newest version on."""
        from_ms, now_ms = self._present.fleet.current.from_ms, self._present.now_ms
        if zone.schedule is not None:
            at_ms: int | None = from_ms
            while at_ms is not None and at_ms <= now_ms:
                yield self._scheduled(zone, at_ms)
                at_ms = next_boundary_ms(zone.schedule, self._time_zone(zone.id), at_ms)
        if zone.state_input is not None:
            before = self._present.sensors.get(zone.state_input.sensor)
            value = None if before is None else before.values.get(zone.state_input.field)
            if isinstance(value, bool):
                yield self._entry(
                    zone.id, _state_by(zone.state_input, value=value), from_ms, zone.state_input
                )

    def judge_without(self, sensor: str, first_ms: int, last_ms: int, because: Because) -> Sequence[Course]:
        """Some readings between two instants were taken out of the series; the courses that changed."""
        return list(self._changes.without(sensor, first_ms, last_ms, because))

    def due(self, zone_id: str) -> Sequence[Course]:
        """An instant has come at which a zone's state changes by itself."""
        zone, now_ms = self._zone(zone_id), self._present.now_ms
        if zone is None:
            return ()
        entries = [] if zone.schedule is None else [self._scheduled(zone, now_ms)]
        changed = [*self._say(zone_id, entries)]
        for sensor in self._present.fleet.sensors_of_zone(zone_id):
            for course in self._present.courses_at(sensor):
                if course.open and course.over(now_ms):
                    self._casebook.close_spell(course)
                    changed.append(course)
        return changed

    @property
    def inputs(self) -> Container[str]:
        """Sensors that tell of the use of zones."""
        return self._inputs

    def hear(self, sensor: str, spoken: Sequence[Spoken]) -> Sequence[Course]:
        """Readings of a sensor came, before they are remembered as heard; it may tell of the use of zones."""
        changed: list[Course] = []
        for zone, told in self._inputs.get(sensor, ()):
            entries = [entry for part in spoken for entry in self._told(zone, told, part)]
            if entries:
                changed += self._say(zone, entries)
        return changed

    def _told(self, zone: str, told: StateInput, part: Spoken) -> Iterator[StateEntry]:
        known = self._present.sensors.get(told.sensor)
        last_ms = None if known is None else known.last_ms
        values = part.fields.get(told.field)
        if values is None or part.rank > WORST_RANK:
            return
        for time_ms, value in zip(part.times, values, strict=True):
            yield self._entry(zone, _state_by(told, value=bool(value)), time_ms, told)
            if last_ms is not None and time_ms < last_ms:
                after = self._next_switch(told, time_ms)
                if after is not None:
                    yield self._entry(zone, _state_by(told, value=after[1]), after[0], told)

    def _next_switch(self, told: StateInput, after_ms: int) -> tuple[int, bool] | None:
        """The next reading of an input behind a late one: what it says holds from there on as before."""
        from_ms = after_ms + 1
        while page := self._memory.series.page(told.sensor, from_ms, _EVER_MS, 100):
            for reading in page:
                value = reading.values.get(told.field)
                if isinstance(value, bool):
                    return reading.time_ms, value
            from_ms = page[-1].time_ms + 1
        return None

    def _scheduled(self, zone: Zone, at_ms: int) -> StateEntry:
        assert zone.schedule is not None  # noqa: S101 - asked for zones with a schedule only
        return StateEntry(
            zone=zone.id,
            state=scheduled_state(zone.schedule, self._time_zone(zone.id), at_ms),
            from_ms=at_ms,
            source=StateSource.SCHEDULE,
            number=self._present.offset,
            by="",
        )

    def _entry(self, zone: str, state: ZoneState, from_ms: int, told: StateInput) -> StateEntry:
        return StateEntry(
            zone=zone,
            state=state,
            from_ms=from_ms,
            source=StateSource.INPUT,
            number=self._present.offset,
            by=told.sensor,
        )

    def _say(self, zone: str, entries: Sequence[StateEntry]) -> Sequence[Course]:
        sensors = self._present.fleet.sensors_of_zone(zone)
        before = {sensor: self._present.fleet.spells(sensor) for sensor in sensors}
        states = self._present.fleet.states(zone)
        for entry in entries:
            self._keep(entry)
        self._present.know_sensors(sensors)
        changed: Sequence[Course] = ()
        if self._present.fleet.states(zone) != states:
            by = entries[-1].by if entries else ""
            changed = self._changes.follow(sensors, before, Because(number=self._present.offset, by=by))
        by = entries[-1].by if entries else ""
        self._roll_call.close_unwatched(by)
        self._devices.close_unwatched(sensors, by)
        self._roll_call.expect_those(sensors)
        known = self._zone(zone)
        if known is not None:
            self._expect(known)
        return changed

    def _keep(self, entry: StateEntry) -> None:
        """Keep a statement, unless schedule or input only repeat what they said before."""
        if entry.source is not StateSource.ACT:
            said = [
                one
                for one in self._present.fleet.said.get(entry.zone, ())
                if one.source is entry.source and one.from_ms <= entry.from_ms
            ]
            last = max(said, key=lambda one: (one.from_ms, one.number), default=None)
            newest = self._present.fleet.current.from_ms
            if last is not None and last.state is entry.state and last.from_ms >= newest:
                return
        self._present.fleet = self._present.fleet.with_state(entry)
        self._memory.put_said(entry)


def _state_by(told: StateInput, *, value: bool) -> ZoneState:
    return ZoneState.IN_USE if value is told.in_use_when else told.otherwise

"""Conditions of devices as they become known: battery, door, mains, clock, calibration, flat line, drift.

Each is one alert from its first sign to its end. What is late changes none: a condition is about the present.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from coldchain.conditions import battery_level, door_due_ms, door_level
from coldchain.profiles import Level
from coldchain.readings import Value
from coldchain_backend.alerts import AlertKind, EndKind
from coldchain_backend.fleet import ZoneState
from coldchain_backend.judging.batches import WORST_RANK, Content, Spoken
from coldchain_backend.judging.clocks import Clocks
from coldchain_backend.judging.contracts import ConditionState, Memory
from coldchain_backend.judging.device_conditions import Conditions, beginning
from coldchain_backend.judging.dues import DueKind
from coldchain_backend.judging.looks import Looks
from coldchain_backend.judging.neighbours import Neighbours
from coldchain_backend.judging.present import Present

FIELDS: Final = frozenset({"battery", "door_open", "mains"})
"""What a reading tells of a device's condition."""

_LOW: Final = 15.0
_OF_GATEWAYS: Final = frozenset({AlertKind.CLOCK, AlertKind.SYSTEM})


class Devices:
    """Opens, raises and ends the conditions of sensors and gateways in use."""

    def __init__(self, memory: Memory, present: Present, conditions: Conditions) -> None:
        self._present, self._conditions = present, conditions
        self._looks = Looks(memory, present, conditions)
        self._neighbours = Neighbours(memory, present, conditions)
        self._clocks = Clocks(present, conditions)
        self.expect(present.ever)

    def expect(self, sensors: Iterable[str]) -> None:
        """Set due times anew: at load, and when fleet or use of zones changed."""
        for sensor in sensors:
            self._looks.expect(sensor)
            self._neighbours.expect(sensor)
        for state in self._present.conditions.values():
            self._expect(state)

    def _expect(self, state: ConditionState) -> None:
        if state.kind is AlertKind.DOOR:
            after_ms = self._door_after_ms(state.subject)
            due_ms = None if after_ms is None else door_due_ms(state.since_ms, after_ms, state.level)
            self._present.dues.set(DueKind.DEVICE, (state.kind.value, state.subject), due_ms)

    def close_unwatched(self, sensors: Iterable[str], by: str) -> None:
        """End the conditions of what is no longer in use; `sensors` changed, and who did it."""
        for state in list(self._present.conditions.values()):
            if not self._in_use(state):
                self._conditions.end(state, EndKind.CLOSED, self._present.now_ms, by=by)
        self._looks.renewed()
        self._neighbours.renewed()
        self.expect(sensors)

    def _in_use(self, state: ConditionState) -> bool:
        if state.kind in _OF_GATEWAYS:
            return state.kind is AlertKind.SYSTEM or self._is_gateway(state.subject)
        if state.subject in self._present.watched:
            return True
        plan = self._present.fleet.in_force(self._present.now_ms)
        in_use = [(asset, zone) for asset, zone in plan.zones() if zone.state is ZoneState.IN_USE]
        if state.kind is AlertKind.DOOR:
            return any(state.subject in zone.doors for _, zone in in_use)
        return state.kind is AlertKind.MAINS and any(state.subject in asset.mains for asset, _ in in_use)

    def _is_gateway(self, name: str) -> bool:
        return any(one.name == name for one in self._present.fleet.gateways)

    def hear(self, sensor: str, parts: Sequence[Spoken]) -> None:
        """Readings of a sensor came, before they are remembered as heard."""
        for part in parts:
            if part.rank > WORST_RANK or FIELDS.isdisjoint(part.fields):
                continue
            known = self._present.sensors.get(sensor)
            if known is not None and known.last_ms is not None and part.times[-1] < known.last_ms:
                continue
            self._look(sensor, part)

    def _look(self, sensor: str, part: Spoken) -> None:
        if "battery" in part.fields and sensor in self._present.watched:
            self._battery(sensor, float(part.fields["battery"][-1]), part.times[-1])
        if "mains" in part.fields:
            self._switch(AlertKind.MAINS, sensor, _since(part, "mains", value=False), part.times[-1])
        if "door_open" in part.fields:
            self._switch(AlertKind.DOOR, sensor, _since(part, "door_open", value=True), part.times[-1])

    def _battery(self, sensor: str, percent: float, at_ms: int) -> None:
        declared = self._present.fleet.plan.sensor(sensor)
        state = self._conditions.state(AlertKind.BATTERY, sensor)
        level = battery_level(
            percent,
            _LOW if declared is None else declared.battery_low,
            None if state is None else state.level,
        )
        if level is not None:
            fresh = state or beginning(AlertKind.BATTERY, sensor, at_ms)
            self._conditions.tell(fresh, level, detail=f"{percent:g} %")
        elif state is not None:
            self._conditions.end(state, EndKind.RESOLVED, at_ms, detail=f"{percent:g} %")

    def _switch(self, kind: AlertKind, sensor: str, since_ms: int | None, at_ms: int) -> None:
        """A door or the supply: `since_ms` is when it began in these readings, None where it is well."""
        state = self._conditions.state(kind, sensor)
        if since_ms is None:
            if state is not None:
                self._conditions.end(state, EndKind.RESOLVED, at_ms)
            return
        fresh = state or beginning(kind, sensor, since_ms)
        if not self._in_use(fresh):
            return
        if kind is AlertKind.MAINS:
            self._conditions.tell(fresh, Level.ALARM)
            return
        if state is None:
            self._conditions.keep(fresh)
        self._expect(fresh)

    def look_at_times(self, content: Content) -> None:
        """A batch came: what do its times say of its gateway's clock?"""
        self._clocks.look(content)

    def due(self, kind: str, subject: str) -> None:
        """An instant has come at which a condition may begin or become louder."""
        match AlertKind(kind):
            case AlertKind.FLAT_LINE:
                self._looks.look_at_flat(subject)
            case AlertKind.DRIFT:
                self._neighbours.look(subject)
            case AlertKind.CALIBRATION:
                self._looks.look_at_calibration(subject)
            case AlertKind.DOOR:
                self._look_at_door(subject)
            case _:
                return

    def _look_at_door(self, sensor: str) -> None:
        state, after_ms = self._conditions.state(AlertKind.DOOR, sensor), self._door_after_ms(sensor)
        if state is None or after_ms is None:
            return
        level = door_level(state.since_ms, after_ms, self._present.now_ms)
        if level is not None:
            self._expect(self._conditions.tell(state, level))

    def _door_after_ms(self, sensor: str) -> int | None:
        place = self._present.place_of(sensor)
        if place is not None:
            return place.zone.door_open_after_ms
        found = (zone for _, zone in self._present.fleet.plan.zones() if sensor in zone.doors)
        return next((zone.door_open_after_ms for zone in found), None)


def _since(part: Spoken, field: str, *, value: bool) -> int | None:
    """The instant from which on a switch has had a value at the end of these readings; None: it has not."""
    values: Sequence[Value] = part.fields[field]
    if values[-1] is not value:
        return None
    index = len(values) - 1
    while index > 0 and values[index - 1] is value:
        index -= 1
    return part.times[index]

"""The roll call: silence of sensors, from the inventory of what is in use."""

from collections.abc import Iterable
from dataclasses import replace

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, Cause, Desk, End, EndKind, Subject
from coldchain_backend.judging.absence import Absence
from coldchain_backend.judging.contracts import GatewayState, Memory, SensorState
from coldchain_backend.judging.dues import DueKind
from coldchain_backend.judging.presence import (
    can_tell,
    missed_since_ms,
    rise_ms,
    show,
    silence_delay_ms,
    silence_due_ms,
    with_uploads,
)
from coldchain_backend.judging.present import Present, Settings


class RollCall:
    """Sets and fires the due times of silence; readings end it, and a gateway that is away postpones it."""

    def __init__(
        self, memory: Memory, desk: Desk, present: Present, settings: Settings, absence: Absence
    ) -> None:
        self._memory, self._desk, self._present, self._settings = memory, desk, present, settings
        self._absence = absence
        self.postponed: dict[str, set[str]] = {}

    def call(self) -> None:
        """Set all due times anew: at load, at a start mark, and when the fleet changed."""
        self.expect_all()
        self._absence.know()

    def expect_all(self) -> None:
        """Set when the silence of each watched sensor is due."""
        for sensor in sorted(self._present.watched):
            self.expect(sensor)

    def expect_those(self, sensors: Iterable[str]) -> None:
        """Set the due times of sensors whose zone has changed its state, and of their gateways."""
        names = sorted(sensors)
        for sensor in names:
            self.expect(sensor)
        self._absence.expect_those(names)

    def expect(self, sensor: str) -> None:
        """Set when the silence of a sensor, or the rise of its alert, is due."""
        spell = self._present.watched.get(sensor)
        state = self._present.sensors.get(sensor)
        due_ms = None
        if spell is not None:
            if state is not None and state.silent_ms is not None:
                due_ms = rise_ms(state.silent_ms, self._present.now_ms, self._settings)
            else:
                started_ms = self._present.progress.started_ms
                due_ms = silence_due_ms(
                    spell, state, self._gateway(sensor), started_ms, self._settings_of(sensor)
                )
        self._present.dues.set(DueKind.SILENCE, (sensor,), due_ms)

    def _settings_of(self, sensor: str) -> Settings:
        gateway = self._present.gateway_of(sensor)
        every_ms = 0 if gateway is None else self._present.uploads.get(gateway, 0)
        return with_uploads(self._settings, every_ms)

    def _gateway(self, sensor: str) -> GatewayState | None:
        return self._present.gateways.get(self._present.gateway_of(sensor) or "")

    def silence_due(self, sensor: str) -> None:
        """The instant has come at which a sensor should have spoken, or at which its alert rises.

        While its gateway is not heard nobody can tell: that is the gateway's absence, told as one alert.
        While the past of a followed store is read in nobody can tell either.
        """
        state = self._present.sensors.get(sensor) or SensorState(sensor=sensor)
        gateway = self._gateway(sensor)
        if state.silent_ms is None:
            if self._present.waits_for_import(sensor):
                return
            if gateway is not None and not can_tell(gateway, self._present.now_ms, self._settings_of(sensor)):
                self.postponed.setdefault(gateway.gateway, set()).add(sensor)
                return
            since_ms = missed_since_ms(state, self._present.watched.get(sensor), self._present.now_ms)
            state = replace(state, silent_since_ms=since_ms, silent_ms=self._present.now_ms)
            self._keep_sensor(state)
            self.expect(sensor)
        self._tell_silence(state, None)

    def _tell_silence(self, state: SensorState, end: End | None) -> None:
        place = self._present.place_of(state.sensor)
        told_ms = self._present.now_ms if state.silent_ms is None else state.silent_ms
        alarm = (
            self._present.out_of_limits([state.sensor])
            or rise_ms(told_ms, self._present.now_ms, self._settings) is None
        )
        cause = Cause(
            id=f"silence\n{state.sensor}\n{state.silent_since_ms}",
            kind=AlertKind.SILENCE,
            subject=Subject(
                asset=None if place is None else place.asset.id,
                zone=None if place is None else place.zone.id,
                point=None if place is None else place.point.id,
                sensor=state.sensor,
            ),
            opened_ms=state.silent_since_ms or 0,
            reached_ms=told_ms,
            known_ms=self._present.now_ms,
            level=Level.ALARM if alarm else Level.WARNING,
            value=_temperature(state),
            end=end,
        )
        show(self._desk, cause, self._present.now_ms, self._present.fleet)

    def heard(self, before: SensorState | None, state: SensorState) -> None:
        """A known sensor spoke; recent readings end its silence, those from long ago do not."""
        spell = self._present.watched.get(state.sensor)
        if spell is None or state.last_ms is None:
            return
        if before is not None and before.silent_ms is not None:
            delay_ms = silence_delay_ms(spell.interval_ms, self._settings_of(state.sensor))
            if state.last_ms + delay_ms <= self._present.now_ms or state.last_ms <= (
                before.silent_since_ms or 0
            ):
                return
            end = End(kind=EndKind.RESOLVED, event_ms=state.last_ms, value=_temperature(state))
            self._tell_silence(state, end)
            self._keep_sensor(replace(state, silent_since_ms=None, silent_ms=None))
        self.expect(state.sensor)

    def close_unwatched(self, by: str) -> None:
        """End what was told of sensors and gateways that are no longer expected to speak; who did it."""
        end = End(kind=EndKind.CLOSED, event_ms=self._present.now_ms, by=by)
        for sensor, state in sorted(self._present.sensors.items()):
            if state.silent_ms is not None and sensor not in self._present.watched:
                self._tell_silence(state, end)
                self._keep_sensor(replace(state, silent_since_ms=None, silent_ms=None))
            if sensor not in self._present.watched:
                self._present.dues.set(DueKind.SILENCE, (sensor,), None)
        self._absence.close_undeclared(end)

    def heard_gateway(self, name: str, *, going_down: bool) -> None:
        """A batch of a declared gateway came: its sensors are heard through it again."""
        returned = self._absence.heard(name, going_down=going_down)
        postponed = self.postponed.pop(name, set())
        for sensor in sorted(self._present.sensors_of(name) if returned else postponed):
            self.expect(sensor)

    def _keep_sensor(self, state: SensorState) -> None:
        self._present.sensors[state.sensor] = state
        self._memory.put_sensor(state)


def _temperature(state: SensorState) -> float | None:
    value = state.values.get("temperature")
    return None if value is None else float(value)

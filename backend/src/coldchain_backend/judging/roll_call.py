"""The roll call: silence of sensors and absence of gateways, from the inventory of what is in use."""

from dataclasses import replace

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, Cause, Desk, End, EndKind, Subject
from coldchain_backend.fleet import Asset
from coldchain_backend.judging.contracts import GatewayState, Memory, SensorState
from coldchain_backend.judging.dues import DueKind
from coldchain_backend.judging.hearing import ASK_AGAIN_MS, Hearing
from coldchain_backend.judging.presence import (
    can_tell,
    missed_since_ms,
    offline_due_ms,
    silence_delay_ms,
    silence_due_ms,
    was_quiet,
    with_uploads,
)
from coldchain_backend.judging.present import Present, Settings


class RollCall:
    """Sets and fires the due times of silence and of offline gateways; readings and batches end both."""

    def __init__(
        self, memory: Memory, desk: Desk, present: Present, settings: Settings, hearing: Hearing
    ) -> None:
        self._memory, self._desk, self._present, self._settings = memory, desk, present, settings
        self._hearing = hearing
        self._postponed: dict[str, set[str]] = {}

    def call(self) -> None:
        """Set all due times anew: at load, at a start mark, and when the fleet changed."""
        for sensor in sorted(self._present.watched):
            self.expect(sensor)
        for gateway in self._present.fleet.gateways:
            if gateway.name not in self._present.gateways:
                self._keep_gateway(GatewayState(gateway=gateway.name, known_ms=self._present.now_ms))
        self.expect_gateways()

    def expect_gateways(self) -> None:
        """Set when the absence of each declared gateway is due."""
        for gateway in self._present.fleet.gateways:
            if gateway.name in self._present.gateways:
                self._expect_gateway(gateway.name)

    def expect(self, sensor: str) -> None:
        """Set when the silence of a sensor, or the rise of its alert, is due."""
        spell = self._present.watched.get(sensor)
        state = self._present.sensors.get(sensor)
        due_ms = None
        if spell is not None:
            if state is not None and state.silent_ms is not None:
                due_ms = self._rise_ms(state.silent_ms)
            else:
                started_ms = self._present.progress.started_ms
                due_ms = silence_due_ms(
                    spell, state, self._gateway(sensor), started_ms, self._settings_of(sensor)
                )
        self._present.dues.set(DueKind.SILENCE, (sensor,), due_ms)

    def _rise_ms(self, told_ms: int) -> int | None:
        rise_ms = told_ms + self._settings.rise_ms
        return rise_ms if rise_ms > self._present.now_ms else None

    def _settings_of(self, sensor: str) -> Settings:
        gateway = self._present.gateway_of(sensor)
        return with_uploads(self._settings, 0 if gateway is None else self._uploads_every_ms(gateway))

    def _uploads_every_ms(self, gateway: str) -> int:
        return self._present.uploads.get(gateway, 0)

    def _gateway(self, sensor: str) -> GatewayState | None:
        return self._present.gateways.get(self._present.gateway_of(sensor) or "")

    def silence_due(self, sensor: str) -> None:
        """The instant has come at which a sensor should have spoken, or at which its alert rises.

        While its gateway is not heard nobody can tell: that is the gateway's absence, told as one alert.
        """
        state = self._present.sensors.get(sensor) or SensorState(sensor=sensor)
        gateway = self._gateway(sensor)
        if state.silent_ms is None:
            if gateway is not None and not can_tell(gateway, self._present.now_ms, self._settings_of(sensor)):
                self._postponed.setdefault(gateway.gateway, set()).add(sensor)
                return
            since_ms = missed_since_ms(state, self._present.watched.get(sensor), self._present.now_ms)
            state = replace(state, silent_since_ms=since_ms, silent_ms=self._present.now_ms)
            self._keep_sensor(state)
            self.expect(sensor)
        self._tell_silence(state, None)

    def _tell_silence(self, state: SensorState, end: End | None) -> None:
        place = self._present.place_of(state.sensor)
        told_ms = self._present.now_ms if state.silent_ms is None else state.silent_ms
        alarm = self._present.out_of_limits([state.sensor]) or self._rise_ms(told_ms) is None
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
        self._show(cause)

    def _show(self, cause: Cause) -> None:
        """An end changes no level: what was told as an alarm ends as one."""
        before = self._desk.alert_of(cause.id)
        if before is not None and (cause.end is not None or before.level is Level.ALARM):
            cause = replace(cause, level=before.level, reached_ms=before.cause.reached_ms)
        self._desk.look(cause, self._present.now_ms, self._present.fleet)

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
        declared = {gateway.name for gateway in self._present.fleet.gateways}
        for name, gateway in sorted(self._present.gateways.items()):
            if name not in declared:
                self._present.dues.set(DueKind.OFFLINE, (name,), None)
                self._end_offline(gateway, end)

    def heard_gateway(self, name: str, *, going_down: bool) -> None:
        """A batch of a declared gateway came."""
        state = self._present.gateways.get(name)
        if state is None:
            return
        now_ms = self._present.now_ms
        returned = was_quiet(state, now_ms, with_uploads(self._settings, self._uploads_every_ms(name)))
        fresh = replace(
            state,
            heard_ms=now_ms,
            returned_ms=now_ms if returned else state.returned_ms,
            offline_since_ms=None,
            offline_ms=None,
            going_down=going_down,
        )
        self._keep_gateway(fresh)
        self._hearing.heard()
        self._end_offline(state, End(kind=EndKind.RESOLVED, event_ms=now_ms))
        self._expect_gateway(name)
        postponed = self._postponed.pop(name, set())
        for sensor in sorted(self._present.sensors_of(name) if returned else postponed):
            self.expect(sensor)

    def _end_offline(self, state: GatewayState, end: End) -> None:
        if state.offline_ms is not None:
            self._tell_offline(state, end)
            if end.kind is EndKind.CLOSED:
                self._keep_gateway(replace(state, offline_since_ms=None, offline_ms=None))

    def _expect_gateway(self, name: str) -> None:
        state = self._present.gateways[name]
        if state.offline_ms is not None:
            due_ms = self._rise_ms(state.offline_ms)
        else:
            due_ms = offline_due_ms(
                state,
                self._asset_of(name),
                self._present.progress.started_ms,
                self._uploads_every_ms(name),
            )
        self._present.dues.set(DueKind.OFFLINE, (name,), due_ms)

    def _asset_of(self, name: str) -> Asset | None:
        asset = next((one.asset for one in self._present.fleet.gateways if one.name == name), None)
        return next((one for one in self._present.fleet.assets if one.id == asset), None)

    def offline_due(self, name: str) -> None:
        """The instant has come at which a gateway should have been heard, or at which its alert rises."""
        state = self._present.gateways[name]
        if state.offline_ms is None:
            if next(self._present.sensors_of(name), None) is None:
                return
            if self._hearing.nothing(state):
                again_ms = self._present.now_ms + ASK_AGAIN_MS
                self._present.dues.set(DueKind.OFFLINE, (name,), again_ms)
                return
            since_ms = state.known_ms if state.heard_ms is None else state.heard_ms
            state = replace(state, offline_since_ms=since_ms, offline_ms=self._present.now_ms)
            self._keep_gateway(state)
            self._expect_gateway(name)
        self._tell_offline(state, None)

    def _tell_offline(self, state: GatewayState, end: End | None) -> None:
        sensors = tuple(self._present.sensors_of(state.gateway))
        asset = self._asset_of(state.gateway)
        told_ms = self._present.now_ms if state.offline_ms is None else state.offline_ms
        rises = not state.going_down and self._rise_ms(told_ms) is None
        alarm = rises or self._present.out_of_limits(sensors)
        cause = Cause(
            id=f"gateway_offline\n{state.gateway}\n{state.offline_since_ms}",
            kind=AlertKind.GATEWAY_OFFLINE,
            subject=Subject(asset=None if asset is None else asset.id, gateway=state.gateway),
            opened_ms=state.offline_since_ms or 0,
            reached_ms=told_ms,
            known_ms=self._present.now_ms,
            level=Level.ALARM if alarm else Level.WARNING,
            sensors=sensors,
            end=end,
        )
        self._show(cause)

    def _keep_sensor(self, state: SensorState) -> None:
        self._present.sensors[state.sensor] = state
        self._memory.put_sensor(state)

    def _keep_gateway(self, state: GatewayState) -> None:
        self._present.gateways[state.gateway] = state
        self._memory.put_gateway(state)


def _temperature(state: SensorState) -> float | None:
    value = state.values.get("temperature")
    return None if value is None else float(value)

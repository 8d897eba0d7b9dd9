"""Gateways that should be heard and are not: one alert each, with the sensors that it leaves unknown."""

from collections.abc import Iterable
from dataclasses import replace

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, Cause, Desk, End, EndKind, Subject
from coldchain_backend.fleet import Asset
from coldchain_backend.judging.contracts import GatewayState, Memory
from coldchain_backend.judging.dues import DueKind
from coldchain_backend.judging.hearing import ASK_AGAIN_MS, Hearing
from coldchain_backend.judging.presence import (
    DEFAULT_OFFLINE_MS,
    offline_due_ms,
    rise_ms,
    show,
    was_quiet,
    with_uploads,
)
from coldchain_backend.judging.present import Present, Settings


class Absence:
    """Sets and fires the due times of gateways; a batch ends what was told of one."""

    def __init__(
        self, memory: Memory, desk: Desk, present: Present, settings: Settings, hearing: Hearing
    ) -> None:
        self._memory, self._desk, self._present, self._settings = memory, desk, present, settings
        self._hearing = hearing

    def know(self) -> None:
        """Expect gateways that were not declared before."""
        for gateway in self._present.fleet.gateways:
            if gateway.name not in self._present.gateways:
                self._keep(GatewayState(gateway=gateway.name, known_ms=self._present.now_ms))
        self.expect_all()

    def expect_all(self) -> None:
        """Set when the absence of each declared gateway is due."""
        for gateway in self._present.fleet.gateways:
            if gateway.name in self._present.gateways:
                self._expect(gateway.name)

    def expect_those(self, sensors: Iterable[str]) -> None:
        """Sensors may have come into use: set when the absence of the gateways that bring them is due."""
        declared = {gateway.name for gateway in self._present.fleet.gateways}
        for name in sorted({name for one in sensors if (name := self._present.gateway_of(one))} & declared):
            if name in self._present.gateways:
                self._expect(name)

    def _expect(self, name: str) -> None:
        state = self._present.gateways[name]
        if state.offline_ms is not None:
            due_ms = self._rise_ms(state)
        else:
            due_ms = offline_due_ms(
                state,
                self._asset_of(name),
                self._present.progress.started_ms,
                self._present.uploads.get(name, 0),
            )
        self._present.dues.set(DueKind.OFFLINE, (name,), due_ms)

    def _rise_ms(self, state: GatewayState) -> int | None:
        """When the warning about an unheard gateway becomes an alarm; None once it has."""
        told_ms = self._present.now_ms if state.offline_ms is None else state.offline_ms
        asset = self._asset_of(state.gateway)
        if asset is None or asset.offline_alarm_after_ms is None:
            return rise_ms(told_ms, self._present.now_ms, self._settings)
        waits_ms = max(0, asset.offline_alarm_after_ms - asset.offline_after_ms)
        due_ms = told_ms + waits_ms
        return due_ms if due_ms > self._present.now_ms else None

    def _asset_of(self, name: str) -> Asset | None:
        asset = next((one.asset for one in self._present.fleet.gateways if one.name == name), None)
        return next((one for one in self._present.fleet.assets if one.id == asset), None)

    def heard(self, name: str, *, going_down: bool) -> bool:
        """A batch of a gateway came; whether it had been away, so that its readings come late."""
        state = self._present.gateways.get(name)
        if state is None:
            return False
        now_ms = self._present.now_ms
        returned = was_quiet(state, now_ms, with_uploads(self._settings, self._present.uploads.get(name, 0)))
        fresh = replace(
            state,
            heard_ms=now_ms,
            returned_ms=now_ms if returned else state.returned_ms,
            offline_since_ms=None,
            offline_ms=None,
            going_down=going_down,
        )
        self._keep(fresh)
        self._hearing.heard()
        self._end(state, End(kind=EndKind.RESOLVED, event_ms=now_ms))
        self._expect(name)
        return returned

    def close_undeclared(self, end: End) -> None:
        """End what was told of gateways that are no longer declared."""
        declared = {gateway.name for gateway in self._present.fleet.gateways}
        for name, gateway in sorted(self._present.gateways.items()):
            if name not in declared:
                self._present.dues.set(DueKind.OFFLINE, (name,), None)
                self._end(gateway, end)

    def _end(self, state: GatewayState, end: End) -> None:
        if state.offline_ms is not None:
            self._tell(state, end)
            if end.kind is EndKind.CLOSED:
                self._keep(replace(state, offline_since_ms=None, offline_ms=None))

    def due(self, name: str) -> None:
        """The instant has come at which a gateway should have been heard, or at which its alert rises."""
        state = self._present.gateways[name]
        if state.offline_ms is None:
            missed_ms = self._missed_ms(name)
            if missed_ms is None or missed_ms > self._present.now_ms:
                self._present.dues.set(DueKind.OFFLINE, (name,), missed_ms)
                return
            if self._hearing.nothing(state):
                again_ms = self._present.now_ms + ASK_AGAIN_MS
                self._present.dues.set(DueKind.OFFLINE, (name,), again_ms)
                return
            since_ms = state.known_ms if state.heard_ms is None else state.heard_ms
            state = replace(state, offline_since_ms=since_ms, offline_ms=self._present.now_ms)
            self._keep(state)
            self._expect(name)
        self._tell(state, None)

    def _missed_ms(self, name: str) -> int | None:
        """When it would be missed: it may be away while nothing of it is in use, and a time after that."""
        watched, asset = self._present.watched, self._asset_of(name)
        used_ms = min((watched[one].from_ms for one in self._present.sensors_of(name)), default=None)
        after_ms = DEFAULT_OFFLINE_MS if asset is None else asset.offline_after_ms
        return None if used_ms is None else used_ms + after_ms

    def _tell(self, state: GatewayState, end: End | None) -> None:
        sensors = tuple(self._present.sensors_of(state.gateway))
        asset = self._asset_of(state.gateway)
        told_ms = self._present.now_ms if state.offline_ms is None else state.offline_ms
        rises = not state.going_down and self._rise_ms(state) is None
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
        show(self._desk, cause, self._present.now_ms, self._present.fleet)

    def _keep(self, state: GatewayState) -> None:
        self._present.gateways[state.gateway] = state
        self._memory.put_gateway(state)

"""Conditions that go on: kept, told and ended, one alert each from its first sign to its end."""

from collections.abc import Container
from dataclasses import replace

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, Cause, Desk, End, EndKind, Subject
from coldchain_backend.judging.contracts import ConditionState, Memory
from coldchain_backend.judging.dues import DueKind
from coldchain_backend.judging.present import Present


class Conditions:
    """The states of conditions in `present`, and their alerts."""

    def __init__(self, memory: Memory, desk: Desk, present: Present) -> None:
        self._memory, self._desk, self._present = memory, desk, present

    def state(self, kind: AlertKind, subject: str) -> ConditionState | None:
        """A condition that goes on, told or not yet."""
        return self._present.conditions.get((kind.value, subject))

    def keep(self, state: ConditionState) -> ConditionState:
        """Keep the newest state of a condition."""
        self._present.conditions[state.kind.value, state.subject] = state
        self._memory.put_condition(state)
        return state

    def tell(self, state: ConditionState, level: Level, detail: str | None = None) -> ConditionState:
        """Fire or raise; what was told louder stays so until it ends."""
        if state.level is not None and state.level.rank >= level.rank:
            return state
        fresh = self.keep(replace(state, level=level, told_ms=self._present.now_ms, detail=detail))
        self._desk.look(self._cause(fresh, None), self._present.now_ms, self._present.fleet)
        return fresh

    def end(
        self,
        state: ConditionState,
        kind: EndKind,
        at_ms: int,
        *,
        by: str | None = None,
        detail: str | None = None,
    ) -> None:
        self._present.conditions.pop((state.kind.value, state.subject), None)
        self._memory.drop_condition(state)
        self._present.dues.set(DueKind.DEVICE, (state.kind.value, state.subject), None)
        if state.level is not None:
            state = replace(state, detail=detail or state.detail)
            end = End(kind=kind, event_ms=at_ms, by=by)
            self._desk.look(self._cause(state, end), self._present.now_ms, self._present.fleet)

    def look_again(self, sensors: Container[str]) -> None:
        """Show the desk what goes on at some sensors: it was told to nobody while their past was read in."""
        for state in list(self._present.conditions.values()):
            if state.level is not None and state.subject in sensors:
                self._desk.look(self._cause(state, None), self._present.now_ms, self._present.fleet)

    def _cause(self, state: ConditionState, end: End | None) -> Cause:
        return Cause(
            id=f"{state.kind.value}\n{state.subject}\n{state.since_ms}",
            kind=state.kind,
            subject=self._subject(state),
            opened_ms=state.since_ms,
            reached_ms=state.told_ms,
            known_ms=self._present.now_ms,
            level=state.level,
            detail=state.detail,
            end=end,
        )

    def _subject(self, state: ConditionState) -> Subject:
        if state.kind is AlertKind.CLOCK:
            return Subject(gateway=state.subject)
        place = self._present.place_of(state.subject)
        if place is not None:
            return Subject(
                asset=place.asset.id, zone=place.zone.id, point=place.point.id, sensor=state.subject
            )
        for asset, zone in self._present.fleet.plan.zones():
            if state.subject in zone.doors:
                return Subject(asset=asset.id, zone=zone.id, sensor=state.subject)
            if state.subject in asset.mains:
                return Subject(asset=asset.id, sensor=state.subject)
        return Subject(sensor=state.subject)


def beginning(kind: AlertKind, subject: str, since_ms: int, *, detail: str | None = None) -> ConditionState:
    """A condition at its first sign, not yet told."""
    return ConditionState(kind=kind, subject=subject, since_ms=since_ms, detail=detail)

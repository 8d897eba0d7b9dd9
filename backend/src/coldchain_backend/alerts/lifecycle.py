"""The life cycle of an alert: a pure function of the alert so far and what its cause says now.

Looking at the same cause again changes nothing, so replays and recomputations are harmless.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Final

from coldchain.profiles import Level
from coldchain_backend.alerts.cause import AlertKind, Cause, End, EndKind

PAST_MS: Final = 2 * 3600 * 1000
"""What lies further back than this is recorded and pages nobody."""


class AlertState(StrEnum):
    """Where an alert stands."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"

    @property
    def open(self) -> bool:
        """Whether the condition goes on."""
        return self in {AlertState.FIRING, AlertState.ACKNOWLEDGED}


class TransitionKind(StrEnum):
    """One step in an alert's life."""

    FIRED = "fired"
    LEVEL_CHANGED = "level_changed"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    AMENDED = "amended"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    MERGED = "merged"


_ENDED: Final = {
    EndKind.RESOLVED: (AlertState.RESOLVED, TransitionKind.RESOLVED),
    EndKind.CLOSED: (AlertState.CLOSED, TransitionKind.CLOSED),
    EndKind.WITHDRAWN: (AlertState.WITHDRAWN, TransitionKind.WITHDRAWN),
    EndKind.MERGED: (AlertState.MERGED, TransitionKind.MERGED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Who took notice, when (the log's stamp, ms UTC) and why."""

    by: str
    at_ms: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert with its newest cause.

    sequence  number of its last transition, from 1
    revision  1, and one more each time late data changed what was said
    paged     receivers were to be told; `told` are those who were
    fired_ms  the log's stamp of its first transition
    """

    id: str
    cause: Cause
    state: AlertState
    level: Level
    sequence: int
    revision: int
    paged: bool
    told: tuple[str, ...] = ()
    fired_ms: int
    acknowledged: Acknowledgement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One step: `at_ms` is the log's stamp, `event_ms` event time.

    `pages`: everybody concerned hears of it now, as a fire; otherwise those who were told before.
    """

    alert: str
    sequence: int
    kind: TransitionKind
    at_ms: int
    event_ms: int
    level: Level
    pages: bool = False
    value: float | None = None
    by: str | None = None
    reason: str | None = None


def alert_id_of(cause: str) -> str:
    """The id of the alert of a cause."""
    return "al_" + sha256(cause.encode()).hexdigest()[:20]


def follow(alert: Alert | None, cause: Cause, now_ms: int) -> tuple[Alert | None, tuple[Transition, ...]]:
    """The alert after looking at its cause at `now_ms` (the log's stamp), and the steps to tell of."""
    if alert is None:
        if cause.level is None or _undone(cause.end):
            return None, ()
        return _fire(None, cause, cause.level, now_ms)
    if cause.level is None or _undone(cause.end):
        return _undo(alert, cause, now_ms)
    if alert.state in {AlertState.WITHDRAWN, AlertState.MERGED}:
        return _fire(alert, cause, cause.level, now_ms)
    return _update(alert, cause, cause.level, now_ms)


def acknowledge(alert: Alert, by: str, reason: str, now_ms: int) -> tuple[Alert, tuple[Transition, ...]]:
    """A person takes notice; the first one stays. A system alert without an end of its own ends with it."""
    if alert.acknowledged is not None:
        return alert, ()
    alert = replace(alert, acknowledged=Acknowledgement(by=by, at_ms=now_ms, reason=reason))
    if alert.state is AlertState.FIRING:
        alert = replace(alert, state=AlertState.ACKNOWLEDGED)
    alert, (step,) = _stepped(alert, TransitionKind.ACKNOWLEDGED, now_ms, now_ms)
    return alert, (replace(step, by=by, reason=reason),)


def _undone(end: End | None) -> bool:
    return end is not None and end.kind in {EndKind.WITHDRAWN, EndKind.MERGED}


def _fresh(cause: Cause, now_ms: int) -> bool:
    """Whether the condition held lately; behind a gap only what readings said counts."""
    newest_ms = cause.known_ms if cause.end is None else cause.end.event_ms
    if cause.end is not None and cause.data_gap:
        newest_ms = max(_reached(cause), cause.peak_ms or 0)
    return now_ms - newest_ms < PAST_MS


def _pages(cause: Cause, now_ms: int) -> bool:
    if cause.kind is AlertKind.SYSTEM:
        return True
    return cause.level is Level.ALARM and _fresh(cause, now_ms)


def _fire(
    before: Alert | None, cause: Cause, level: Level, now_ms: int
) -> tuple[Alert, tuple[Transition, ...]]:
    pages = _pages(cause, now_ms)
    alert = Alert(
        id=alert_id_of(cause.id) if before is None else before.id,
        cause=cause,
        state=AlertState.FIRING if before is None else _reopened(before),
        level=level,
        sequence=0 if before is None else before.sequence,
        revision=1 if before is None else before.revision + 1,
        paged=pages or (before is not None and before.paged),
        told=() if before is None else before.told,
        fired_ms=now_ms if before is None else before.fired_ms,
        acknowledged=None if before is None else before.acknowledged,
    )
    event_ms = cause.opened_ms if cause.reached_ms is None else cause.reached_ms
    alert, fired = _stepped(alert, TransitionKind.FIRED, now_ms, event_ms, pages=pages)
    if cause.end is None:
        return alert, fired
    alert, ended = _end(alert, cause.end, now_ms)
    return alert, fired + ended


def _undo(alert: Alert, cause: Cause, now_ms: int) -> tuple[Alert, tuple[Transition, ...]]:
    """The cause is gone, or never reached a level: late data took it back."""
    if alert.state in {AlertState.WITHDRAWN, AlertState.MERGED}:
        return alert, ()
    end = cause.end
    if end is None or end.kind not in {EndKind.WITHDRAWN, EndKind.MERGED}:
        end = End(kind=EndKind.WITHDRAWN, event_ms=cause.event_ms)
    alert = replace(alert, cause=replace(cause, end=end, level=alert.level), revision=alert.revision + 1)
    return _end(alert, end, now_ms)


def _update(alert: Alert, cause: Cause, level: Level, now_ms: int) -> tuple[Alert, tuple[Transition, ...]]:
    was_open = alert.state.open
    amended = _amends(alert, cause)
    pages = not alert.paged and _pages(cause, now_ms)
    raised = level.rank > alert.level.rank
    ends = was_open and cause.end is not None
    alert = replace(
        alert,
        cause=cause,
        level=level,
        paged=alert.paged or pages,
        revision=alert.revision + int(amended),
        state=_reopened(alert) if not was_open and cause.end is None else alert.state,
    )
    steps: tuple[Transition, ...] = ()
    if raised and not amended:
        alert, steps = _stepped(alert, TransitionKind.LEVEL_CHANGED, now_ms, _reached(cause), pages=pages)
    elif pages or (amended and not ends):
        alert, steps = _stepped(alert, TransitionKind.AMENDED, now_ms, cause.event_ms, pages=pages)
    if (ends or pages) and cause.end is not None:
        alert, ended = _end(alert, cause.end, now_ms)
        steps += ended
    return alert, steps


def _reopened(alert: Alert) -> AlertState:
    return AlertState.FIRING if alert.acknowledged is None else AlertState.ACKNOWLEDGED


def _amends(alert: Alert, cause: Cause) -> bool:
    """Whether something that was said is no longer true; an open excursion may grow without that."""
    before, level = alert.cause, cause.level
    if level is not None and level.rank < alert.level.rank:
        return True
    if before.end is not None:
        return (before.opened_ms, before.level, before.peak, before.out_ms, before.end) != (
            cause.opened_ms, level, cause.peak, cause.out_ms, cause.end,
        )  # fmt: skip
    return before.opened_ms != cause.opened_ms or before.sensors != cause.sensors


def _reached(cause: Cause) -> int:
    return cause.opened_ms if cause.reached_ms is None else cause.reached_ms


def _end(alert: Alert, end: End, now_ms: int) -> tuple[Alert, tuple[Transition, ...]]:
    state, kind = _ENDED[end.kind]
    alert, (step,) = _stepped(replace(alert, state=state), kind, now_ms, end.event_ms)
    return alert, (replace(step, value=step.value if end.value is None else end.value, by=end.by),)


def _stepped(
    alert: Alert, kind: TransitionKind, now_ms: int, event_ms: int, *, pages: bool = False
) -> tuple[Alert, tuple[Transition]]:
    alert = replace(alert, sequence=alert.sequence + 1)
    step = Transition(
        alert=alert.id,
        sequence=alert.sequence,
        kind=kind,
        at_ms=now_ms,
        event_ms=event_ms,
        level=alert.level,
        pages=pages,
        value=alert.cause.value,
    )
    return alert, (step,)

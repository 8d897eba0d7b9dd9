"""The life cycle of an alert: a pure function of the alert so far and what its cause says now.

Looking at the same cause again changes nothing, so replays and recomputations are harmless. What people do
about an alert is in `handling`.
"""

from dataclasses import replace
from hashlib import sha256
from typing import Final

from coldchain.profiles import Level
from coldchain_backend.alerts.cause import AlertKind, Cause, End, EndKind
from coldchain_backend.alerts.states import Alert, AlertState, Transition, TransitionKind

PAST_MS: Final = 2 * 3600 * 1000
"""What lies further back than this is recorded and pages nobody."""

_ENDED: Final = {
    EndKind.RESOLVED: (AlertState.RESOLVED, TransitionKind.RESOLVED),
    EndKind.CLOSED: (AlertState.CLOSED, TransitionKind.CLOSED),
    EndKind.WITHDRAWN: (AlertState.WITHDRAWN, TransitionKind.WITHDRAWN),
    EndKind.MERGED: (AlertState.MERGED, TransitionKind.MERGED),
}
_ALWAYS_TOLD: Final = frozenset({AlertKind.SYSTEM, AlertKind.FLOOD})


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


def _undone(end: End | None) -> bool:
    return end is not None and end.kind in {EndKind.WITHDRAWN, EndKind.MERGED}


def fresh(cause: Cause, now_ms: int) -> bool:
    """Whether the condition held less than `PAST_MS` ago; behind a gap only what readings said counts.

    What is read in from the past of a foreign store is never fresh.
    """
    if cause.past:
        return False
    newest_ms = cause.known_ms if cause.end is None else cause.end.event_ms
    if cause.end is not None and cause.data_gap:
        newest_ms = max(_reached(cause), cause.peak_ms or 0)
    return now_ms - newest_ms < PAST_MS


def _pages(cause: Cause, now_ms: int) -> bool:
    if cause.kind in _ALWAYS_TOLD:
        return True
    return cause.level is Level.ALARM and fresh(cause, now_ms)


def _fire(
    before: Alert | None, cause: Cause, level: Level, now_ms: int
) -> tuple[Alert, tuple[Transition, ...]]:
    pages = _pages(cause, now_ms)
    if before is None:
        alert = Alert(
            id=alert_id_of(cause.id),
            cause=cause,
            state=AlertState.FIRING,
            level=level,
            sequence=1,
            revision=1,
            paged=pages,
            fired_ms=now_ms,
            paged_ms=now_ms if pages else None,
            called_ms=now_ms if pages else None,
        )
    else:
        alert = replace(
            _called(before, now_ms, pages=pages),
            cause=cause,
            state=_reopened(before),
            level=level,
            sequence=before.sequence + 1,
            revision=before.revision + 1,
            paged=pages or before.paged,
        )
    fired = (_newest_step(alert, TransitionKind.FIRED, now_ms, _reached(cause), pages=pages),)
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
    alert = _called(alert, now_ms, pages=pages)
    steps: tuple[Transition, ...] = ()
    if raised and not amended:
        alert, steps = stepped(alert, TransitionKind.LEVEL_CHANGED, now_ms, _reached(cause), pages=pages)
    elif pages or (amended and not ends):
        alert, steps = stepped(alert, TransitionKind.AMENDED, now_ms, cause.event_ms, pages=pages)
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
    _, kind = _ENDED[end.kind]
    alert, (step,) = stepped(replace(alert, state=rests(alert, end)), kind, now_ms, end.event_ms)
    return alert, (replace(step, value=step.value if end.value is None else end.value, by=end.by),)


def rests(alert: Alert, end: End) -> AlertState:
    """Where an alert stands behind its end: an alarm waits for a person to take notice, or for a decision."""
    state, _ = _ENDED[end.kind]
    if end.kind in {EndKind.RESOLVED, EndKind.CLOSED} and alert.cause.latches and alert.level is Level.ALARM:
        return AlertState.LATCHED if alert.disposition is None else state
    unseen = alert.paged and alert.level is Level.ALARM and alert.acknowledged is None
    return AlertState.RESOLVED_UNACKED if end.kind is EndKind.RESOLVED and unseen else state


def _called(alert: Alert, now_ms: int, *, pages: bool) -> Alert:
    if not pages:
        return alert
    first_ms = now_ms if alert.paged_ms is None else alert.paged_ms
    return replace(alert, paged_ms=first_ms, called_ms=now_ms)


def stepped(
    alert: Alert, kind: TransitionKind, now_ms: int, event_ms: int, *, pages: bool = False
) -> tuple[Alert, tuple[Transition]]:
    """The next step of an alert, numbered."""
    alert = replace(alert, sequence=alert.sequence + 1)
    return alert, (_newest_step(alert, kind, now_ms, event_ms, pages=pages),)


def _newest_step(
    alert: Alert, kind: TransitionKind, now_ms: int, event_ms: int, *, pages: bool
) -> Transition:
    """The step that brought an alert to where it stands."""
    return Transition(
        alert=alert.id,
        sequence=alert.sequence,
        kind=kind,
        at_ms=now_ms,
        event_ms=event_ms,
        level=alert.level,
        pages=pages,
        value=alert.cause.value,
    )

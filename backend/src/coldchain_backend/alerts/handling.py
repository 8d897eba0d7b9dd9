"""What people and time do about an alert: taking notice, muting, calling again, deciding. Pure."""

from dataclasses import replace
from typing import Final

from coldchain_backend.alerts.cause import End, EndKind
from coldchain_backend.alerts.lifecycle import rests, stepped
from coldchain_backend.alerts.states import (
    Acknowledgement,
    Alert,
    AlertState,
    Decision,
    Disposition,
    Muted,
    MuteKind,
    Transition,
    TransitionKind,
)

Handled = tuple[Alert, tuple[Transition, ...]]
"""The alert as it stands then, and the steps to tell of."""

NOT_SEEN: Final = "nobody has taken notice"
TIMED_OUT: Final = "it was acknowledged and goes on"

_BEGUN: Final = {
    MuteKind.OUT_OF_SERVICE: TransitionKind.OUT_OF_SERVICE,
    MuteKind.SHELVED: TransitionKind.SHELVED,
    MuteKind.WINDOW: TransitionKind.SUPPRESSED,
    MuteKind.UNSTABLE: TransitionKind.SUPPRESSED,
}
_OVER: Final = {
    MuteKind.OUT_OF_SERVICE: TransitionKind.RETURNED,
    MuteKind.SHELVED: TransitionKind.UNSHELVED,
    MuteKind.WINDOW: TransitionKind.RELEASED,
    MuteKind.UNSTABLE: TransitionKind.RELEASED,
}


def acknowledge(alert: Alert, by: str, reason: str, now_ms: int, action: str | None = None) -> Handled:
    """A person takes notice; the first one stays, until the acknowledgement times out.

    An alarm that has ended rests with it; a latched one still waits for a decision about the goods.
    """
    if alert.acknowledged is not None:
        return alert, ()
    taken = Acknowledgement(by=by, at_ms=now_ms, reason=reason, action=action)
    alert = replace(alert, acknowledged=taken)
    if alert.state is AlertState.FIRING:
        alert = replace(alert, state=AlertState.ACKNOWLEDGED)
    elif alert.state is AlertState.RESOLVED_UNACKED:
        alert = replace(alert, state=AlertState.RESOLVED)
    return _by(alert, TransitionKind.ACKNOWLEDGED, now_ms, by, reason, action)


def dispose(alert: Alert, decision: Decision, by: str, reason: str, now_ms: int) -> Handled:
    """Quality decides about the goods; what is held stays latched. It counts as having taken notice."""
    decided = Disposition(by=by, at_ms=now_ms, decision=decision, reason=reason)
    taken = alert.acknowledged or Acknowledgement(by=by, at_ms=now_ms, reason=reason)
    alert = replace(alert, acknowledged=taken)
    if alert.state is AlertState.FIRING:
        alert = replace(alert, state=AlertState.ACKNOWLEDGED)
    if decision is not Decision.HELD and not alert.state.open:
        alert = replace(alert, disposition=decided)
        if alert.state in {AlertState.LATCHED, AlertState.RESOLVED_UNACKED}:
            end = alert.cause.end or End(kind=EndKind.RESOLVED, event_ms=now_ms)
            alert = replace(alert, state=rests(alert, end))
    return _by(alert, TransitionKind.DISPOSED, now_ms, by, reason, decision.value)


def comment(alert: Alert, by: str, text: str, now_ms: int) -> Handled:
    """A person notes something."""
    return _by(alert, TransitionKind.COMMENTED, now_ms, by, None, text)


def call_again(alert: Alert, now_ms: int) -> Handled:
    """Time is up and the alert goes on: an acknowledgement is used up, or nobody has taken notice."""
    reason = NOT_SEEN if alert.acknowledged is None else TIMED_OUT
    alert = replace(
        alert, state=AlertState.FIRING, acknowledged=None, rearms=alert.rearms + 1, called_ms=now_ms
    )
    alert, (step,) = stepped(alert, TransitionKind.REARMED, now_ms, now_ms, pages=alert.paged)
    return alert, (replace(step, reason=reason),)


def mute(alert: Alert, muted: Muted | None, now_ms: int) -> Handled:
    """Lay something over an alert, or take it off: one that goes on is then told, once and at once."""
    before = alert.muted
    if muted == before:
        return alert, ()
    alert = replace(alert, muted=muted)
    if not alert.state.open:
        return alert, ()
    if muted is not None:
        if before is not None and (before.kind, before.source) == (muted.kind, muted.source):
            return alert, ()
        return _by(alert, _BEGUN[muted.kind], now_ms, muted.by, muted.reason, None)
    kind = TransitionKind.RELEASED if before is None else _OVER[before.kind]
    alert = replace(alert, called_ms=now_ms if alert.paged else alert.called_ms)
    return stepped(alert, kind, now_ms, now_ms, pages=alert.paged)


def _by(  # noqa: PLR0913, PLR0917 - who, what, when, why are one sentence
    alert: Alert, kind: TransitionKind, now_ms: int, by: str, reason: str | None, note: str | None
) -> Handled:
    alert, (step,) = stepped(alert, kind, now_ms, now_ms)
    return alert, (replace(step, by=by, reason=reason, note=note),)

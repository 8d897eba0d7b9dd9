"""Whom an alert calls, now and next: by routes, steps of its escalation, a change of shift. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from coldchain.profiles import Level
from coldchain_backend.alerts.escalation import after, follow_chain, next_rungs
from coldchain_backend.alerts.lifecycle import fresh, stepped
from coldchain_backend.alerts.routing import Matter, Routed, Rung, matter_of, on_call, route
from coldchain_backend.alerts.states import ENDS, Alert, AlertState, Transition, TransitionKind
from coldchain_backend.fleet import Plan

Called = tuple[Alert, tuple[Transition, ...], tuple[str, ...]]
"""The alert, the step that tells of it, and whom that step calls."""

_SAYS_AGAIN: Final = frozenset(
    {TransitionKind.FIRED, TransitionKind.UNSHELVED, TransitionKind.RELEASED, TransitionKind.RETURNED}
)


def routed(alert: Alert, plan: Plan, now_ms: int) -> Routed:
    """Who is told of an alert now, and what follows."""
    return _route(matter_of(alert.cause, alert.level, plan), _Same(plan), now_ms)


def called_by(alert: Alert, step: Transition, plan: Plan) -> tuple[str, ...]:
    """Whom a step calls by the routes of its time; of warnings only where a route asks for them."""
    if step.kind in ENDS:
        return ()
    warns = step.level is Level.WARNING and step.kind in _SAYS_AGAIN and fresh(alert.cause, step.at_ms)
    if not step.pages and not warns:
        return ()
    return _route(matter_of(alert.cause, step.level, plan), _Same(plan), step.at_ms).receivers


class _Same:
    """A plan that is equal to itself only: comparing whole plans would cost more than routing."""

    __slots__ = ("plan",)

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.plan is other.plan

    def __hash__(self) -> int:
        return id(self.plan)


@lru_cache(maxsize=16)
def _route(matter: Matter, same: _Same, at_ms: int) -> Routed:
    """As `route`, remembered: the alerts of a zone's storm ask the same at one instant."""
    return route(matter, same.plan, at_ms)


def calls(alert: Alert) -> bool:
    """Whether people are called about an alert until somebody takes notice."""
    return alert.state is AlertState.FIRING and alert.muted is None and bool(alert.told)


def with_chain(alert: Alert, way: Routed, now_ms: int) -> Alert:
    """The alert with its escalation begun, stopped or going on, as it stands now."""
    if alert.chain is None and not way.rungs:
        return alert
    return replace(alert, chain=follow_chain(alert.chain, way.rungs, now_ms, runs=calls(alert)))


def escalation_due(alert: Alert, way: Routed) -> int | None:
    """When the next step of an alert's escalation is due."""
    found = _next_rungs(alert, way)
    return None if found is None else found[0]


def _next_rungs(alert: Alert, way: Routed) -> tuple[int, tuple[Rung, ...]] | None:
    return None if alert.chain is None else next_rungs(alert.chain, way.rungs)


def escalated(alert: Alert, way: Routed, plan: Plan, now_ms: int) -> Called | None:
    """The step of an escalation that is due; None: none is (any more)."""
    found = _next_rungs(alert, way)
    if alert.chain is None or found is None or found[0] > now_ms or not calls(alert):
        return None
    names = [name for rung in found[1] for name in on_call(rung.calls, plan, now_ms) or way.receivers]
    alert = replace(alert, chain=after(alert.chain, found[1], now_ms), called_ms=now_ms)
    return _step(alert, TransitionKind.ESCALATED, now_ms, names, None)


def handed_over(alert: Alert, way: Routed, now_ms: int) -> Called | None:
    """Whoever comes on call while an alert goes on that nobody has taken notice of hears of it."""
    names = [name for name in way.receivers if name not in alert.told]
    return _step(alert, TransitionKind.HANDED_OVER, now_ms, names, None) if names and calls(alert) else None


def found_anew(alert: Alert, way: Routed, plan: Plan, now_ms: int) -> Called | None:
    """The fleet has changed, and nobody in it has heard of an alert that calls: whoever it calls now."""
    waits = alert.state is AlertState.FIRING and alert.muted is None and alert.paged
    if not waits or not way.receivers or any(plan.receiver(name) is not None for name in alert.told):
        return None
    return _step(alert, TransitionKind.HANDED_OVER, now_ms, way.receivers, None)


def stood_in(alert: Alert, receiver: str, plan: Plan, now_ms: int) -> Called | None:
    """The fallback of a receiver that an alert cannot be delivered to hears of it, once."""
    failing = plan.receiver(receiver)
    fallback = None if failing is None else failing.fallback
    if fallback is None or plan.receiver(fallback) is None:
        return None
    if fallback in alert.told or receiver not in alert.told:
        return None
    return _step(alert, TransitionKind.STOOD_IN, now_ms, [fallback], receiver)


def _step(alert: Alert, kind: TransitionKind, now_ms: int, names: Sequence[str], note: str | None) -> Called:
    alert, (step,) = stepped(alert, kind, now_ms, now_ms)
    return alert, (replace(step, note=note),), tuple(dict.fromkeys(names))

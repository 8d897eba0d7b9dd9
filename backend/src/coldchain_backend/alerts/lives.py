"""The life of an alert for the figures, from its steps. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coldchain.profiles import Level
from coldchain_backend.alerts.cause import AlertKind
from coldchain_backend.alerts.kpis import Life, Priority, Rules
from coldchain_backend.alerts.spans import Span
from coldchain_backend.alerts.states import ENDS, AlertState, TransitionKind
from coldchain_backend.fleet import Alerting


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands on an alert itself; `told` are the receivers that were called."""

    alert: str
    source: str
    kind: AlertKind
    level: Level
    state: AlertState
    told: tuple[str, ...]
    acknowledged_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step, as far as the figures need it."""

    kind: TransitionKind
    at_ms: int
    pages: bool


_BEGINS: Final = frozenset({TransitionKind.FIRED, TransitionKind.LEVEL_CHANGED})


def life_of(head: Head, stages: Sequence[Stage]) -> Life:
    """What happened, in the order of the steps; one that fires again behind an end is on again."""
    on = _spans(stages, _BEGINS, ENDS, still=head.state.open)
    shelved = _spans(
        stages,
        frozenset({TransitionKind.SHELVED}),
        ENDS | {TransitionKind.UNSHELVED},
        still=None,
    )
    return Life(
        alert=head.alert,
        source=head.source,
        priority=_priority(head),
        receivers=head.told,
        calls=tuple(one.at_ms for one in stages if one.pages),
        on=on,
        shelved=shelved,
        acknowledged_ms=head.acknowledged_ms,
    )


def rules_of(alerting: Alerting) -> Rules:
    """What the fleet file calls a flood and chatter."""
    return Rules(
        flood_count=alerting.flood_count,
        flood_within_ms=alerting.flood_within_ms,
        chatter_count=alerting.chatter_count,
        chatter_within_ms=alerting.chatter_within_ms,
    )


def _spans(
    stages: Sequence[Stage],
    begins: frozenset[TransitionKind],
    ends: frozenset[TransitionKind],
    *,
    still: bool | None,
) -> tuple[Span, ...]:
    """Stretches from a step that begins one to the next that ends it; `still`: what holds now is known."""
    found: list[Span] = []
    began: int | None = None
    for one in stages:
        if one.kind in begins and began is None:
            began = one.at_ms
        elif one.kind in ends and began is not None:
            found.append((began, one.at_ms))
            began = None
    if began is not None:
        found.append((began, None))
    elif still and found:
        found[-1] = (found[-1][0], None)
    return tuple(found)


def _priority(head: Head) -> Priority:
    if head.level is not Level.ALARM:
        return Priority.WARNING
    return Priority.CRITICAL if head.kind.about_goods else Priority.ALARM

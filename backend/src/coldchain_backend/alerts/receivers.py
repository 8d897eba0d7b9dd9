"""Who hears of a step in an alert's life, and as what."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from coldchain_backend.alerts.states import ENDS, Alert, Transition, TransitionKind

_UNHEARD: Final = frozenset(
    {TransitionKind.COMMENTED, TransitionKind.SUPPRESSED, TransitionKind.OUT_OF_SERVICE}
)
"""Steps that stand in the record and are told to nobody."""

_THROUGH: Final = ENDS | {TransitionKind.SHELVED, TransitionKind.ACKNOWLEDGED, TransitionKind.DISPOSED}
"""Steps that are heard although the alert is muted: ends, and what a person did about it."""

FOR_SOME: Final = frozenset({TransitionKind.ESCALATED, TransitionKind.HANDED_OVER, TransitionKind.STOOD_IN})
"""Steps that only those whom they call hear of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """A receiver and the type of event for it."""

    receiver: str
    type: str


def hearings(
    alert: Alert, step: Transition, known: Collection[str], called: Sequence[str]
) -> tuple[Hearing, ...]:
    """Who got the fire hears of every later step; whom the step calls and who did not yet hear it, as a fire.

    While something lies over an alert only its end is heard, and what a person did. A receiver that is no
    longer in the fleet (`known`) hears the ends that it is owed.
    """
    if step.kind in _UNHEARD or (alert.muted is not None and step.kind not in _THROUGH):
        return ()
    told = [
        name
        for name in alert.told
        if (name in known or step.kind in ENDS) and (step.kind not in FOR_SOME or name in called)
    ]
    heard = [Hearing(receiver=name, type=f"alert.{step.kind.value}") for name in told]
    fresh = [name for name in called if name not in alert.told and step.kind not in ENDS]
    return (*heard, *(Hearing(receiver=name, type="alert.fired") for name in fresh))

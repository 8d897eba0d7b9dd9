"""Who hears of a step in an alert's life, and as what."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coldchain_backend.alerts.cause import AlertKind
from coldchain_backend.alerts.states import ENDS, Alert, Transition, TransitionKind

_UNHEARD: Final = frozenset(
    {TransitionKind.COMMENTED, TransitionKind.SUPPRESSED, TransitionKind.OUT_OF_SERVICE}
)
"""Steps that stand in the record and are told to nobody."""

_THROUGH: Final = ENDS | {TransitionKind.SHELVED, TransitionKind.ACKNOWLEDGED, TransitionKind.DISPOSED}
"""Steps that are heard although the alert is muted: ends, and what a person did about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """A receiver and the type of event for it."""

    receiver: str
    type: str


def hearings(
    alert: Alert, step: Transition, receivers: Sequence[str], system_receiver: str | None
) -> tuple[Hearing, ...]:
    """Who got the fire hears of every later step; on a page, those who did not yet hear it as a fire.

    While something lies over an alert only its end is heard, and what a person did. A receiver that is no
    longer in the fleet hears the ends that it is owed. System alerts go to the system receiver, or to all
    where none is named.
    """
    if step.kind in _UNHEARD or (alert.muted is not None and step.kind not in _THROUGH):
        return ()
    heard = [
        Hearing(receiver=name, type=f"alert.{step.kind.value}")
        for name in alert.told
        if name in receivers or step.kind in ENDS
    ]
    if not step.pages or step.kind in ENDS:
        return tuple(heard)
    wanted = receivers
    if alert.cause.kind is AlertKind.SYSTEM and system_receiver is not None:
        wanted = [system_receiver]
    fresh = [name for name in wanted if name not in alert.told]
    return (*heard, *(Hearing(receiver=name, type="alert.fired") for name in fresh))

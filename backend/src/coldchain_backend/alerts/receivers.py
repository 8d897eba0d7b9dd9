"""Who hears of a step in an alert's life, and as what."""

from collections.abc import Sequence
from dataclasses import dataclass

from coldchain_backend.alerts.cause import AlertKind
from coldchain_backend.alerts.lifecycle import Alert, Transition, TransitionKind

_ENDS = frozenset(
    {TransitionKind.RESOLVED, TransitionKind.CLOSED, TransitionKind.WITHDRAWN, TransitionKind.MERGED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """A receiver and the type of event for it."""

    receiver: str
    type: str


def hearings(
    alert: Alert, step: Transition, receivers: Sequence[str], system_receiver: str | None
) -> tuple[Hearing, ...]:
    """Who got the fire hears of every later step; on a page, those who did not yet hear it as a fire.

    System alerts go to the system receiver, or to all where none is named.
    """
    heard = [Hearing(receiver=name, type=f"alert.{step.kind.value}") for name in alert.told]
    if not step.pages or step.kind in _ENDS:
        return tuple(heard)
    wanted = receivers
    if alert.cause.kind is AlertKind.SYSTEM and system_receiver is not None:
        wanted = [system_receiver]
    fresh = [name for name in wanted if name not in alert.told]
    return (*heard, *(Hearing(receiver=name, type="alert.fired") for name in fresh))

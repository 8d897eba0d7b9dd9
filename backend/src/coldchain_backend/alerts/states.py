"""An alert as a value: where it stands, what is done about it, and the steps of its life."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coldchain.profiles import Level
from coldchain_backend.alerts.cause import Cause
from coldchain_backend.alerts.context import Context
from coldchain_backend.alerts.escalation import Chain


class AlertState(StrEnum):
    """Where an alert stands, in the words of ISA-18.2.

    `PENDING` is a view of an excursion whose delay still runs; nothing is kept of it. `SHELVED`, `SUPPRESSED`
    and `OUT_OF_SERVICE` lie over an alert whose condition goes on: it lives on below, and nobody is called.
    """

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED_UNACKED = "resolved_unacked"
    LATCHED = "latched"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"
    RESOLVED = "resolved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"

    @property
    def open(self) -> bool:
        """Whether the condition goes on."""
        return self in _OPEN

    @property
    def listed(self) -> bool:
        """Whether a person still has to do with it: it goes on, or nobody has taken notice or decided."""
        return self in _OPEN or self in {AlertState.RESOLVED_UNACKED, AlertState.LATCHED}


_OPEN: Final = frozenset(
    {
        AlertState.FIRING,
        AlertState.ACKNOWLEDGED,
        AlertState.SHELVED,
        AlertState.SUPPRESSED,
        AlertState.OUT_OF_SERVICE,
    }
)


class TransitionKind(StrEnum):
    """One step in an alert's life. Each kind of muting has a beginning and an end."""

    FIRED = "fired"
    LEVEL_CHANGED = "level_changed"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    AMENDED = "amended"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    MERGED = "merged"
    REARMED = "rearmed"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SUPPRESSED = "suppressed"
    RELEASED = "released"
    OUT_OF_SERVICE = "out_of_service"
    RETURNED = "returned"
    COMMENTED = "commented"
    DISPOSED = "disposed"
    ESCALATED = "escalated"
    HANDED_OVER = "handed_over"
    STOOD_IN = "stood_in"


ENDS: Final = frozenset(
    {TransitionKind.RESOLVED, TransitionKind.CLOSED, TransitionKind.WITHDRAWN, TransitionKind.MERGED}
)
"""Steps that whoever heard the fire hears, whatever is muted."""


class MuteKind(StrEnum):
    """Why nobody is called, the strongest first; its word is the state that is shown."""

    OUT_OF_SERVICE = "out_of_service"
    SHELVED = "shelved"
    WINDOW = "window"
    UNSTABLE = "unstable"

    @property
    def state(self) -> AlertState:
        """The state that lies over the alert."""
        return _SHOWN[self]


_SHOWN: Final = {
    MuteKind.OUT_OF_SERVICE: AlertState.OUT_OF_SERVICE,
    MuteKind.SHELVED: AlertState.SHELVED,
    MuteKind.WINDOW: AlertState.SUPPRESSED,
    MuteKind.UNSTABLE: AlertState.SUPPRESSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    """What lies over an alert now: `by` set it for a `reason`; it ends by itself at `until_ms`, if ever.

    source   the id of the shelving, window or service interval, or of the alert that tells of chatter
    """

    kind: MuteKind
    source: str
    by: str
    reason: str
    until_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Who took notice, when (the log's stamp, ms UTC), why, and what is done about it."""

    by: str
    at_ms: int
    reason: str
    action: str | None = None


class Decision(StrEnum):
    """What quality decides about the goods behind a latched alert."""

    RELEASED = "released"
    REJECTED = "rejected"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """Who decided what about the goods, when (the log's stamp) and why."""

    by: str
    at_ms: int
    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert with its newest cause.

    sequence    number of its last transition, from 1
    revision    1, and one more each time late data changed what was said
    paged       receivers were to be told, first at the stamp `paged_ms`; `told` are those who were
    counted_ms  the same stamp, if nothing lay over it then: it counts for a flood
    by_digest   those of `told` who heard the fire in a digest, and hear the rest in digests too
    by_group    those of `told` who heard the fire in a group, and hear the rest there too
    fired_ms    the log's stamp of its first transition
    called_ms   the log's stamp at which people were last called; `rearms`: how often it was called again
    context     what was known around the cause at the last step that was told
    chain       how far its escalation has come
    """

    id: str
    cause: Cause
    state: AlertState
    level: Level
    sequence: int
    revision: int
    paged: bool
    told: tuple[str, ...] = ()
    by_digest: tuple[str, ...] = ()
    by_group: tuple[str, ...] = ()
    fired_ms: int
    paged_ms: int | None = None
    counted_ms: int | None = None
    called_ms: int | None = None
    rearms: int = 0
    acknowledged: Acknowledgement | None = None
    muted: Muted | None = None
    disposition: Disposition | None = None
    context: Context | None = None
    chain: Chain | None = None

    @property
    def standing(self) -> AlertState:
        """The state that is shown: what lies over an alert hides what is below."""
        return self.muted.kind.state if self.muted is not None and self.state.open else self.state

    @property
    def critical(self) -> bool:
        """Of level alarm and not about the product or the alerting itself."""
        return self.level is Level.ALARM and self.cause.kind.about_goods

    @property
    def source(self) -> str:
        """What keeps raising it: alerts of one source are one condition that came again."""
        cause, subject = self.cause, self.cause.subject
        where = (
            subject.point or subject.sensor or subject.gateway or subject.zone or subject.asset or cause.id
        )
        return "\n".join((cause.kind.value, cause.rule or "", where))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One step: `at_ms` is the log's stamp, `event_ms` event time.

    pages   everybody concerned hears of it now, as a fire; otherwise those who were told before
    note    corrective action, decision, comment, or the receiver that somebody stands in for
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
    note: str | None = None

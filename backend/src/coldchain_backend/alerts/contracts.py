"""What the desk works with: where alerts are kept, and who fires what is due."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from coldchain_backend.alerts.cause import Cause
from coldchain_backend.alerts.context import Context
from coldchain_backend.alerts.states import Alert, Transition
from coldchain_backend.alerts.suppression import Mute


class DueName(StrEnum):
    """What is due of an alert, of something muted, or of a receiver."""

    ACK_TIMEOUT = "ack_timeout"
    REARM = "rearm"
    ESCALATE = "escalate"
    SHIFT = "shift"
    MUTE = "mute"
    UNSTABLE_END = "unstable_end"
    CHATTER_END = "chatter_end"
    FLOOD_END = "flood_end"
    DIGEST = "digest"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One queued telling, made at the log's stamp `at_ms`; `id` is the webhook id on every attempt.

    due_ms   not before this: the receiver's rate has no room earlier
    """

    id: str
    alert: str
    sequence: int
    receiver: str
    at_ms: int
    due_ms: int
    body: bytes
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A step that a receiver hears of together with others: `digest` is that delivery, None while it waits.

    type   the event as it would have been told by itself, such as alert.fired
    line   the group that it waits in; empty: the receiver's digest
    """

    receiver: str
    alert: str
    sequence: int
    type: str
    at_ms: int
    critical: bool
    digest: str | None = None
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What there is to know after a restart; `memos` are small states of the desk by name.

    paged   excursions that go on and that people were to be told of, also where a person ended the alert
    """

    mutes: Sequence[Mute] = ()
    memos: Mapping[str, bytes] = field(default_factory=dict)
    paged: frozenset[str] = frozenset()


class AlertBook(Protocol):
    """Where alerts are kept, inside the transaction of whoever asks the desk."""

    def alert(self, alert_id: str) -> Alert | None:
        """The alert as last put."""
        ...

    def put_alert(self, alert: Alert) -> None:
        """Keep the newest version of an alert."""
        ...

    def put_transition(self, step: Transition) -> None:
        """Add a step; the same (alert, sequence) again changes nothing."""
        ...

    def put_delivery(self, delivery: Delivery) -> None:
        """Queue a telling; an id that was ever queued changes nothing."""
        ...

    def active(self) -> Iterable[Alert]:
        """All alerts whose condition goes on, by their ids."""
        ...


class DeskBook(AlertBook, Protocol):
    """What the desk keeps beside alerts."""

    def put_mute(self, mute: Mute) -> None:
        """Keep a shelving, a window or a time out of service."""
        ...

    def drop_mute(self, mute_id: str) -> None:
        """Forget one that is over."""
        ...

    def put_memo(self, name: str, value: Callable[[], bytes] | None) -> None:
        """Keep a small state under its name, asked for when it is written; None forgets it."""
        ...

    def put_entry(self, entry: Entry) -> None:
        """Keep what is told in a digest."""
        ...

    def entries(self, receiver: str, line: str = "") -> Sequence[Entry]:
        """What waits for a receiver's next digest, or in one of its groups, in the order of the log."""
        ...

    def waits(self, receiver: str, alert_id: str) -> bool:
        """Whether a step of an alert waits for a receiver's next digest."""
        ...

    def step(self, alert_id: str, sequence: int) -> Transition | None:
        """A step that was put, by its number."""
        ...


class Timers(Protocol):
    """Due times, stored with everything else and fired by the log's clock through `Desk.due`."""

    def set(self, subject: str, kind: DueName, due_ms: int | None) -> None:
        """Set, move or (None) remove what is due of a subject: an alert's id, a mute's, a receiver's name."""
        ...


class Witness(Protocol):
    """Knows what is around the cause of an alert."""

    def past(self, cause: Cause) -> bool:
        """Whether it is being read in from the past of a foreign store."""
        ...

    def context(self, cause: Cause) -> Context:
        """What is known around a cause now."""
        ...

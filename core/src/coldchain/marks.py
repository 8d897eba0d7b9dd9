"""Marks: times of defrost and of open doors. They explain an excursion and never take anything out of the
record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

MINUTE_MS = 60_000


class MarkKind(StrEnum):
    """What went on at the space."""

    DEFROST = "defrost"
    DOOR = "door"

    @property
    def lasting_ms(self) -> int:
        """How long after its end it still explains a rise (proposed): forced end and recovery of a defrost,
        the recovery after a door."""
        return 45 * MINUTE_MS if self is MarkKind.DEFROST else 15 * MINUTE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedTime:
    """A time [from_ms, to_ms) in which a defrost ran or a door stood open."""

    kind: MarkKind
    from_ms: int
    to_ms: int


def marked_times(
    kind: MarkKind, switch: Iterable[tuple[int, bool]], until_ms: int, limit_ms: int
) -> list[MarkedTime]:
    """The times in which a switch was on, by what it said in order.

    What it said last stands until it speaks again, but no longer than `limit_ms`: a sensor that went silent
    proves no open door. Times that touch are one.
    """
    found: list[MarkedTime] = []
    events = [event for event in switch if event[0] < until_ms]
    for index, (at_ms, on) in enumerate(events):
        if not on:
            continue
        following = events[index + 1][0] if index + 1 < len(events) else until_ms
        end_ms = min(following, at_ms + limit_ms, until_ms)
        if found and found[-1].to_ms == at_ms:
            found[-1] = MarkedTime(kind=kind, from_ms=found[-1].from_ms, to_ms=end_ms)
        else:
            found.append(MarkedTime(kind=kind, from_ms=at_ms, to_ms=end_ms))
    return found


def overlap_ms(from_ms: int, to_ms: int, times: Sequence[MarkedTime]) -> int:
    """How much of a time is marked; times of one kind do not overlap."""
    return sum(max(0, min(to_ms, one.to_ms) - max(from_ms, one.from_ms)) for one in times)


def explained_by(opened_ms: int, times: Sequence[MarkedTime]) -> MarkKind | None:
    """What an excursion that opened at an instant may come from: a door before a defrost, the last to
    begin."""
    open_then = [one for one in times if one.from_ms <= opened_ms < one.to_ms + one.kind.lasting_ms]
    newest = max(open_then, key=lambda one: (one.kind is MarkKind.DOOR, one.from_ms), default=None)
    return None if newest is None else newest.kind

"""Zone states over time: what file, schedule and input say, and what people set over it. Pure.

What the file declares, and what a schedule or an input says, follows one another in event time. An act of a
person lies over that from its beginning to its end, a later act over an earlier one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from zoneinfo import ZoneInfo

from coldchain_backend.fleet.local_times import TimesOf, days_from, next_change_ms, within
from coldchain_backend.fleet.things import Schedule, ZoneState


class StateSource(StrEnum):
    """Who or what says in which state a zone is."""

    FILE = "file"
    SCHEDULE = "schedule"
    INPUT = "input"
    ACT = "act"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEntry:
    """One statement: the zone is in a state from an instant on, ms UTC.

    to_ms   where it ends and what was said before holds again; None: until something else is said
    number  offset of the ledger record that brought it
    by      the person, the sensor whose reading said it, or empty for a schedule
    """

    zone: str
    state: ZoneState
    from_ms: int
    to_ms: int | None = None
    source: StateSource
    number: int
    by: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time [from_ms, to_ms) in one state, and the statement that holds in it; to_ms None: still."""

    from_ms: int
    to_ms: int | None
    entry: StateEntry

    @property
    def state(self) -> ZoneState:
        """The state in force."""
        return self.entry.state

    def holds(self, at_ms: int) -> bool:
        """Whether an instant lies in this time."""
        return self.from_ms <= at_ms and (self.to_ms is None or at_ms < self.to_ms)


def entry_of_act(fields: Mapping[str, object], number: int, received_ms: int) -> StateEntry | None:
    """What a person said about a zone; None where it is not such an act.

    It holds from the act's stamp on unless it names another instant.
    """
    try:
        state = ZoneState(str(fields.get("state")))
    except ValueError:
        return None
    from_ms, to_ms, reason = fields.get("from", received_ms), fields.get("to"), fields.get("reason")
    if not isinstance(from_ms, int) or not isinstance(to_ms, int | None) or not fields.get("zone"):
        return None
    if from_ms < 0 or (to_ms is not None and to_ms <= from_ms):
        return None
    return StateEntry(
        zone=str(fields["zone"]),
        state=state,
        from_ms=from_ms,
        to_ms=to_ms,
        source=StateSource.ACT,
        number=number,
        by=str(fields.get("by", "")),
        reason=None if reason is None else str(reason),
    )


def stretches(said: Iterable[StateEntry]) -> tuple[Stretch, ...]:
    """All that was said of one zone, in any order → its states over time, oldest first."""
    entries = list(said)
    base = sorted(
        (one for one in entries if one.source is not StateSource.ACT),
        key=lambda one: (one.from_ms, one.number),
    )
    found = list(_following(base))
    for act in sorted((one for one in entries if one.source is StateSource.ACT), key=lambda one: one.number):
        found = list(_laid_over(found, act))
    return tuple(_joined(found))


def _following(base: Sequence[StateEntry]) -> Iterator[Stretch]:
    for index, entry in enumerate(base):
        to_ms = base[index + 1].from_ms if index + 1 < len(base) else None
        if to_ms is None or to_ms > entry.from_ms:
            yield Stretch(from_ms=entry.from_ms, to_ms=to_ms, entry=entry)


def _laid_over(found: Iterable[Stretch], act: StateEntry) -> Iterator[Stretch]:
    """An open act goes on until a later version of the file declares another state."""
    to_ms = act.to_ms
    below = list(found)
    if to_ms is None:
        declared = (
            one.from_ms
            for one in below
            if one.entry.source is StateSource.FILE and one.entry.number > act.number
        )
        to_ms = min((at for at in declared if at > act.from_ms), default=None)
    for one in below:
        if one.from_ms < act.from_ms:
            yield replace(one, to_ms=act.from_ms if one.to_ms is None else min(one.to_ms, act.from_ms))
    if to_ms is None or to_ms > act.from_ms:
        yield Stretch(from_ms=act.from_ms, to_ms=to_ms, entry=act)
    for one in below:
        if to_ms is not None and (one.to_ms is None or one.to_ms > to_ms):
            yield replace(one, from_ms=max(one.from_ms, to_ms))


def _joined(found: Sequence[Stretch]) -> Iterator[Stretch]:
    """Leave out what begins a state that was in force already."""
    last: Stretch | None = None
    for one in found:
        if last is not None and last.state is one.state and last.to_ms == one.from_ms:
            last = replace(last, to_ms=one.to_ms)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def scheduled_state(schedule: Schedule, zone_of_time: str, at_ms: int) -> ZoneState:
    """What a schedule says of an instant, by the local clock."""
    return (
        ZoneState.IN_USE if within(_weekly(schedule), ZoneInfo(zone_of_time), at_ms) else schedule.otherwise
    )


def next_boundary_ms(schedule: Schedule, zone_of_time: str, after_ms: int) -> int | None:
    """The next instant behind `after_ms` at which a schedule says something else; None if it never does."""
    zone = ZoneInfo(zone_of_time)
    return next_change_ms(_weekly(schedule), zone, after_ms, days_from(zone, after_ms))


def _weekly(schedule: Schedule) -> TimesOf:
    return lambda day: [one for one in schedule.times if day.weekday() in one.days]

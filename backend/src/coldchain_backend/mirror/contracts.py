"""What the mirror reads and remembers: ports and values."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from coldchain.errors import InvalidInput
from coldchain_backend.influx import BucketFacts, Fields, Points, Precision, SeriesTags, Written
from coldchain_backend.judging.contracts import CourseKey
from coldchain_backend.judging.views import Recall


class Log(NamedTuple):
    """The change log: its name (empty: there is none) and its newest number."""

    name: str
    newest: int


@dataclass(slots=True, kw_only=True)
class Changes:
    """What changed: excursions and alerts by their ids, accounts of courses by [from_ms, to_ms)."""

    excursions: set[str] = field(default_factory=set)
    alerts: set[str] = field(default_factory=set)
    accounts: dict[CourseKey, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def none(cls) -> "Changes":
        """Nothing changed."""
        return cls()

    def __bool__(self) -> bool:
        return bool(self.excursions or self.alerts or self.accounts)

    def touch(self, key: CourseKey, from_ms: int, to_ms: int) -> None:
        """Accounts of a course changed that begin in a time."""
        before = self.accounts.get(key)
        if before is not None:
            from_ms, to_ms = min(from_ms, before[0]), max(to_ms, before[1])
        self.accounts[key] = from_ms, to_ms

    def add(self, other: "Changes") -> None:
        """Take in what changed later."""
        self.excursions |= other.excursions
        self.alerts |= other.alerts
        for key, span in other.accounts.items():
            self.touch(key, *span)

    def document(self) -> dict[str, object]:
        """As plain values."""
        return {
            "excursions": sorted(self.excursions),
            "alerts": sorted(self.alerts),
            "accounts": [[*key, *span] for key, span in self.accounts.items()],
        }

    @classmethod
    def of_document(cls, stored: Mapping[str, object]) -> "Changes":
        """Read what `document` gave; raises InvalidInput for anything else."""
        match stored:
            case {
                "excursions": list() as excursions,
                "alerts": list() as alerts,
                "accounts": list() as spans,
            }:
                return cls(
                    excursions=set(excursions), alerts=set(alerts), accounts=dict(map(_account, spans))
                )
        raise InvalidInput("not a row of the change log")


def _account(stored: Sequence[object]) -> tuple[CourseKey, tuple[int, int]]:
    match stored:
        case [str() as sensor, int() as at_ms, str() as quantity, int() as from_ms, int() as to_ms]:
            return CourseKey(sensor, at_ms, quantity), (from_ms, to_ms)
    raise InvalidInput("not a course in the change log")


class Bucket(Protocol):
    """A place for points. Every method raises InfluxTrouble where it cannot be done now.

    A point is named by measurement, tags and time; writing one that is there adds to its fields. `write` may
    be called from a thread of its own.
    """

    @property
    def name(self) -> str:
        """How it is called."""
        ...

    def write(self, body: bytes, precision: Precision) -> Written:
        """Write lines; says how many were not taken, all others were."""
        ...

    def delete(self, measurement: str, tags: Mapping[str, str], span_ns: tuple[int, int]) -> None:
        """Delete points with these tags of from ≤ time < to (ns), and return when that is done."""
        ...

    def points(
        self, measurement: str, tags: Mapping[str, str], span_ns: tuple[int, int]
    ) -> Iterator[tuple[SeriesTags, Points]]:
        """The points with these tags of from ≤ time < to (ns), series by series."""
        ...

    def newest(self, measurement: str, tags: Mapping[str, str]) -> tuple[int, Fields] | None:
        """Time (ns) and fields of the newest point with these tags."""
        ...

    def facts(self) -> BucketFacts:
        """What is known of it now."""
        ...

    def create(self, retention_ms: int) -> None:
        """Make it; 0: it keeps for ever."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...


class MirrorBook(Protocol):
    """Reads what the mirror needs beside judging's answers; from any thread."""

    def log(self) -> Log:
        """The change log."""
        ...

    def changes(self, after: int, limit: int) -> Sequence[tuple[int, Changes]]:
        """Rows of the change log behind a number, in order."""
        ...

    def forget(self, to: int) -> None:
        """Drop rows below a number."""
        ...

    def excursion_ids(self, points: Collection[str] | None, from_ms: int, to_ms: int) -> Sequence[str]:
        """Excursions (None: of all points), also those that are gone, first opened in a time."""
        ...

    def alert_ids(self, points: Collection[str] | None, from_ms: int, to_ms: int) -> Sequence[str]:
        """Alerts (None: of all points) first fired in a time."""
        ...

    def open_ids(self) -> tuple[Sequence[str], Sequence[str]]:
        """Excursions that go on; alerts that go on or that somebody has yet to receive."""
        ...


Layout = tuple[str, int]
"""The fields of a reading, joined by commas, and its rank."""


@dataclass(slots=True, kw_only=True)
class Position:
    """How far the mirror has come, and what it needs to go on from there.

    target    the bucket that this is true of
    fill      id of the filling, as in the mark that stands in the bucket; `judged`: excursions, alerts and
              accounts were filled in
    ledger    the last ledger record that is mirrored; `stamp_ms` its stamp
    log       name of the change log, and `change` the last number of it
    fleet     up to which record fleet versions and statements about zones are followed
    ticked_ms up to which stamp limits and open gaps are written
    told_ms   up to which stamp hours and days that are not over are summed up
    marked    the ledger record that our newest mark in the bucket names; -1: there is none
    heard     by sensor, the newest time of each layout
    tails     by sensor and quantity, the newest time
    unknown   by sensor and quantity, where an open gap begins that is written
    brought   by sensor, from when on which gateway brought it
    revoked   keys that were ever revoked
    alerts    by alert that goes on, measurement and tags of its point
    """

    target: str
    fill: str
    judged: bool = False
    ledger: int = 0
    stamp_ms: int = 0
    log: str = ""
    change: int = 0
    fleet: int = 0
    ticked_ms: int = 0
    told_ms: int = 0
    marked: int = -1
    heard: dict[str, dict[Layout, int]] = field(default_factory=dict)
    tails: dict[tuple[str, str], int] = field(default_factory=dict)
    unknown: dict[tuple[str, str], int] = field(default_factory=dict)
    brought: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    alerts: dict[str, str] = field(default_factory=dict)

    def newest_ms(self, sensor: str) -> int | None:
        """The newest time of a sensor that is mirrored, if any."""
        return max(self.heard.get(sensor, {}).values(), default=None)

    def gateway_at(self, sensor: str, at_ms: int) -> str | None:
        """Which gateway brought a sensor at an instant, where that is known."""
        known: Iterable[tuple[int, str]] = reversed(self.brought.get(sensor, ()))
        return next((gateway for from_ms, gateway in known if from_ms <= at_ms), None)


__all__ = ["Bucket", "Changes", "Layout", "Log", "MirrorBook", "Position", "Recall"]

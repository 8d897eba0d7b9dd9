"""How following a store stands, for status, metrics and alerts; written by its thread, read by anybody."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from coldchain_backend.influx import Trouble
from coldchain_backend.ingest.follow.rules import Passed

MOST_NAMED: Final = 50
CLOCK_OFF_MS: Final = 300_000
NOT_KEPT: Final = "not_kept"
ALERTED: Final = frozenset({*(trouble.value for trouble in Trouble), NOT_KEPT, "emptied", "types"})
"""Conditions in which readings do not come; they are told. The others are shown only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An hour of a series whose count was not what had been taken; `found`: readings taken late.

    there, taken    points in the store, readings taken before
    """

    series: str
    hour_ms: int
    there: int
    taken: int
    found: int
    at_ms: int

    def document(self) -> dict[str, object]:
        """As plain values."""
        return {
            "series": self.series,
            "hour_ms": self.hour_ms,
            "there": self.there,
            "taken": self.taken,
            "found": self.found,
            "at_ms": self.at_ms,
        }


@dataclass(slots=True, kw_only=True)
class Rescan:
    """A time that is read again because somebody asked for it, or because its rule is new; ms UTC.

    rules      names of the rules that are read; empty: all
    recalled   up to which record the ledger was read for what had been taken of that time, of `records`
    at_ms      up to where the store was read
    """

    from_ms: int
    to_ms: int
    rules: frozenset[str] = frozenset()
    recalled: int = 0
    records: int | None = None
    at_ms: int = 0
    found: int = 0
    done: bool = False

    def document(self) -> dict[str, object]:
        """As plain values."""
        return {
            "from_ms": self.from_ms,
            "to_ms": self.to_ms,
            "recalled": self.recalled,
            "records": self.records,
            "at_ms": self.at_ms,
            "found": self.found,
            "done": self.done,
        }


@dataclass(slots=True, kw_only=True)
class FollowState:
    """What is shown. Times are ms UTC.

    trouble    why nothing is read at present, since when, in its own words
    read_to    everything that stood there up to here has been read; `begin`: where the first import began
    live       the first import is done
    taken      readings since the start; `late`: those found behind newer ones; `gone`: missing there by now
    ahead      points of the future, kept and not judged
    passed     series that make no readings, and why
    shared     sensors to which several series of one rule lead
    others     points of another type than the rule wants, in the time that is looked at again
    """

    name: str
    target: str
    version: str = ""
    trouble: str | None = None
    since_ms: int = 0
    message: str = ""
    read_to: int | None = None
    begin: int | None = None
    live: bool = False
    polled_ms: int = 0
    checked_ms: int = 0
    newest_ms: int | None = None
    taken: int = 0
    late: int = 0
    gone: int = 0
    ahead: int = 0
    too_far: int = 0
    emptied: bool = False
    clock_off_ms: int = 0
    series: dict[str, int] = field(default_factory=dict)
    passed: dict[str, Passed] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    others: dict[str, int] = field(default_factory=dict)
    differences: deque[Difference] = field(default_factory=lambda: deque(maxlen=MOST_NAMED))
    rescan: Rescan | None = None

    def fail(self, trouble: str, message: str, now_ms: int) -> None:
        """Nothing can be read now."""
        if self.trouble != trouble:
            self.since_ms = now_ms
        self.trouble, self.message = trouble, message

    def recover(self) -> None:
        """Reading goes on."""
        self.trouble, self.message, self.since_ms = None, "", 0

    @property
    def settled(self) -> bool:
        """Whether it is known what goes on and what does not."""
        return self.trouble is None and self.checked_ms > 0

    def lag_ms(self, now_ms: int) -> int:
        """How far what has been read lies behind now."""
        return max(0, now_ms - (self.read_to or 0)) if self.read_to is not None else 0

    def pass_over(self, name: str, why: Passed) -> None:
        """Note a series that makes no readings; of more than a thousand the first."""
        if len(self.passed) < 1_000 or name in self.passed:
            self.passed[name] = why

    def conditions(self) -> Mapping[str, str]:
        """What an operator has to know, by a lasting name, in words."""
        found: dict[str, str] = {}
        if self.trouble is not None:
            found[self.trouble] = self.message
        if self.emptied:
            found["emptied"] = "nothing that was read lately stands there any more"
        if self.others:
            named = ", ".join(f"{rule}: {number}" for rule, number in sorted(self.others.items()))
            found["types"] = f"points that are no numbers where numbers are meant, or no switches: {named}"
        if self.ahead or self.too_far:
            found["future"] = f"{self.ahead + self.too_far} points lie in the future: whose clock is wrong?"
        if self.passed:
            name, why = next(iter(self.passed.items()))
            found["unnamed"] = f"{len(self.passed)} series make no readings, such as {name} ({why.value})"
        if self.shared:
            found["shared"] = f"several series are one sensor: {', '.join(sorted(self.shared)[:5])}"
        if abs(self.clock_off_ms) > CLOCK_OFF_MS:
            found["clock"] = f"its clock is {self.clock_off_ms // 1000} s off"
        return found

    def document(self, now_ms: int) -> dict[str, object]:
        """As plain values."""
        return {
            "name": self.name,
            "target": self.target,
            "version": self.version,
            "trouble": self.trouble,
            "since_ms": self.since_ms,
            "message": self.message,
            "read_to_ms": self.read_to,
            "begin_ms": self.begin,
            "live": self.live,
            "lag_ms": self.lag_ms(now_ms),
            "polled_ms": self.polled_ms,
            "checked_ms": self.checked_ms,
            "newest_ms": self.newest_ms,
            "taken": self.taken,
            "late": self.late,
            "gone": self.gone,
            "future": self.ahead + self.too_far,
            "series": dict(self.series),
            "passed": {name: why.value for name, why in list(self.passed.items())[:MOST_NAMED]},
            "differences": [one.document() for one in self.differences],
            "rescan": None if self.rescan is None else self.rescan.document(),
            "conditions": dict(self.conditions()),
        }

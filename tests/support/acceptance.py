"""Acceptance tests by name: what each tried and what it found, printed as a table for each letter at the end.

A test says `@pytest.mark.acceptance("A6")` and tells its figures through the fixture `figures`; several tests
of one name are one row, their figures summed. A: the gateway's. T: alerts and delivery.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import HealthCheck

SAYINGS: Final = {
    "A": (
        "kill -9 and power cuts: nothing acknowledged is lost or doubled; without syncs it is",
        "outbox file corrupt, cut short, zeroed: starts unattended, puts it aside, alarms",
        "disk full: kept up to the cap, what went is declared, no crash",
        "72 hours without a backend: live first, nothing lost, memory held; an earlier copy put back",
        "clock at 1970, at the last shutdown, stepped by days: each reading placed right or flagged",
        "zeros arrive; sentinels, nulls and torn lines are refused with a reason",
        "a retained copy and cached repeats of a dead sensor: silence is told, once",
        "a port that vanishes and comes back renamed; one dead unit among ten",
        "one poison point; a store that refuses for hours; an unreadable line in a sealed batch",
        "a mistake is named by file and line; an identical configuration changes nothing",
        "broker gone, subscription lost: noticed by the echo, subscribed again, gap told",
        "429 and 503 wait as told, 413 is split",
        "a driver that raises, hangs, exits: begun again, the others go on",
        "nominal load, an hour compressed: processor and memory within the budget, no growth",
        "one frame through two gateways, a redelivery, a history array: one reading each",
    ),
    "T": (
        "any order, delay, repetition of readings: the same excursions and means",
        "kills and power cuts: each transition told at least once, no end missing",
        "ends under silence, shelves, muting, inhibition, flapping, outages",
        "silence never ends an alert; our own downtime makes none",
        "a restart at any instant tells what no restart would have told",
        "windows over the change of the clocks, overnight, in five zones",
        "a receiver down for an hour: told within 60 s, in order",
        "signatures of webhooks: vector, rotation, tampering, old time",
        "what each channel gets, byte for byte",
        "answers of endpoints: an error in a 200, Retry-After, 410, redirects, internal addresses",
        "a flood of alerts: criticals first, the rest by name in digests, no rate exceeded",
        "several workers, kills, failing receivers: none lost",
        "one dead endpoint holds up no other",
        "one reading of a month ago: recorded, nobody is called",
        "fuzzed rules, payloads, signatures",
        "repeated and sporadic failure, renewed secrets, dead letters sent again",
        "level up and down, repeats, closing by hand, a schedule that begins in the middle",
    ),
}
"""What each name stands for, by letter and in order."""
NAMES: Final = {letter: len(sayings) for letter, sayings in SAYINGS.items()}
"""Letters, and how many names each has."""
FIGURES: Final = [HealthCheck.function_scoped_fixture]
"""For settings of a property test with `figures`: they are of all its examples together."""


@dataclass(slots=True)
class Figures:
    """Whole numbers of one test by name, such as rounds, readings, lost, doubled."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, **counts: int) -> None:
        """Add to the figures of this test."""
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count


@dataclass(slots=True)
class Row:
    """All tests of one name."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Acceptance:
    """The rows so far, by name."""

    rows: dict[str, Row] = field(default_factory=dict)

    def add(self, name: str, outcome: str, seconds: float, counts: dict[str, int]) -> None:
        """Take one phase of one test."""
        row = self.rows.setdefault(name, Row())
        row.seconds += seconds
        if outcome == "passed":
            row.passed += 1
        elif outcome == "skipped":
            row.skipped += 1
        elif outcome == "failed":
            row.failed += 1
        for key, count in counts.items():
            row.counts[key] = row.counts.get(key, 0) + count

    @property
    def letters(self) -> list[str]:
        """The tables that have rows."""
        return sorted({name[0] for name in self.rows})

    def lines(self, letter: str) -> list[str]:
        """Two lines a name, A2 before A10: what it stands for and how it went, and its figures."""
        names = sorted((name for name in self.rows if name[0] == letter), key=_order)
        return [line for name in names for line in _lines(name, self.rows[name])]

    def missing(self, letter: str) -> list[str]:
        """Names of a table that no test has."""
        return [
            f"{letter}{number + 1}"
            for number in range(NAMES[letter])
            if f"{letter}{number + 1}" not in self.rows
        ]


def chosen(items: Iterable[pytest.Item], letter: str) -> tuple[Sequence[pytest.Item], Sequence[pytest.Item]]:
    """Tests with a name of this letter, and the others."""
    wanted: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        marker = item.get_closest_marker("acceptance")
        names = marker.args if marker is not None else ()
        (wanted if any(str(name).startswith(letter) for name in names) else others).append(item)
    return wanted, others


def _order(name: str) -> tuple[str, int]:
    return name.rstrip("0123456789"), int(name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or 0)


def _lines(name: str, row: Row) -> Iterator[str]:
    verdict = "FAILED" if row.failed else ("skipped" if not row.passed else "ok")
    tests = row.passed + row.failed + row.skipped
    letter, number = _order(name)
    yield f"{name:<4} {verdict:<8} {SAYINGS[letter][number - 1]}"
    figures = "".join(f", {key.replace('_', ' ')} {count}" for key, count in row.counts.items())
    yield f"{'':<13} {tests} tests in {row.seconds:.1f} s{figures}"

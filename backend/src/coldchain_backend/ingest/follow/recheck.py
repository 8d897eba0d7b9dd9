"""What came late: counts per hour and series against what was taken; hours that differ are read again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from coldchain_backend.ingest.follow.contracts import FollowPorts
from coldchain_backend.ingest.follow.reading import Lines, Reader, missing, pieces, span_of
from coldchain_backend.ingest.follow.rules import NANO, Rule
from coldchain_backend.ingest.follow.settings import HOUR_MS
from coldchain_backend.ingest.follow.state import Difference, FollowState
from coldchain_backend.ingest.follow.taken import AHEAD_MS, Taken

MOST_AHEAD: Final = 10_000
"""More points of the future than this are counted only."""

_END_NS: Final = (1 << 63) - 1
_Excess = dict[tuple[str, bytes], int]


@dataclass(slots=True, kw_only=True)
class Recheck:
    """Looks through a window of hours, once in a while.

    since_ms  when this began; hours from before it are read once whatever their counts are
    excess    by hour, rule and series: how many more points stand there than lines were taken since then
    """

    ports: FollowPorts
    state: FollowState
    reader: Reader
    since_ms: int
    excess: dict[int, _Excess] = field(default_factory=dict)

    def run(self, rules: Sequence[Rule], taken: Taken, from_ms: int, now_ms: int) -> None:
        """Look through the hours from `from_ms` on up to where was read, and at what lies in the future."""
        end_ms, there = min(now_ms, taken.read_to or 0), 0
        for hour_ms in range(from_ms // HOUR_MS * HOUR_MS, end_ms, HOUR_MS):
            for rule in rules:
                there += self._hour(rule, taken, (hour_ms, min(hour_ms + HOUR_MS, end_ms)), now_ms)
        had = any(from_ms <= last_ms for last_ms in taken.last.values())
        self.state.emptied = had and there == 0
        self.state.others = self._others(rules, from_ms, now_ms)
        self._look_ahead(rules, taken, now_ms)
        for hour_ms in [one for one in self.excess if one < from_ms - HOUR_MS]:
            del self.excess[hour_ms]
        self.state.checked_ms = now_ms

    def _hour(self, rule: Rule, taken: Taken, hour: tuple[int, int], now_ms: int) -> int:
        """Look at an hour of a rule; how many points stand there."""
        from_ms, there = hour[0], self._counted(rule, hour)
        had = taken.counts.setdefault(from_ms, Counter())
        known = self.excess.setdefault(from_ms, {})
        unknown = 0 if from_ms >= self.since_ms else None
        before = {
            series: had[series]
            for series in there.keys() | (had.keys() & self.reader.series_of(rule))
            if there[series] - had[series] != known.get((rule.name, series), unknown)
        }
        if before:
            self._take(self._missing(rule, taken, hour, before), taken, now_ms)
        for series, count in before.items():
            excess, was = there[series] - had[series], known.get((rule.name, series), unknown)
            lost = 0 if was is None else max(0, was - excess)
            if had[series] > count or lost:
                self.state.late += had[series] - count
                self.state.gone += lost
                self.state.differences.append(
                    Difference(
                        series=series.decode(), hour_ms=from_ms, there=there[series], taken=count,
                        found=had[series] - count, at_ms=now_ms,
                    )
                )  # fmt: skip
            known[rule.name, series] = excess
        return there.total()

    def _counted(self, rule: Rule, hour: tuple[int, int]) -> Counter[bytes]:
        """How many points stand in an hour, by the series that they make."""
        found = Counter[bytes]()
        for tags, number in self.ports.source.counts(rule, span_of(*hour)):
            series = self.reader.named(rule, tags)
            if series is not None:
                found[series] += number
        return found

    def _missing(
        self, rule: Rule, taken: Taken, hour: tuple[int, int], wanted: Mapping[bytes, int]
    ) -> list[bytes]:
        """The lines of some series in an hour that were never taken."""
        lines: Lines = {}
        for piece in pieces(self.ports.source, [rule], span_of(*hour)):
            for series, ordered in self.reader.lines([rule], piece).items():
                if series in wanted:
                    lines.setdefault(series, []).extend(ordered)
        return missing(taken, lines)

    def _take(self, fresh: Sequence[bytes], taken: Taken, now_ms: int) -> None:
        if fresh:
            read_to = taken.read_to or 0
            self.ports.keep(fresh, read_to)
            taken.take(fresh, read_to, now_ms)
            self.state.taken += len(fresh)

    def _others(self, rules: Sequence[Rule], from_ms: int, now_ms: int) -> dict[str, int]:
        """Points of another type than is wanted, by rule and type."""
        span = span_of(from_ms, now_ms)
        return {
            f"{rule.name} {kind}": number
            for rule in rules
            for kind, number in self.ports.source.others(rule, span).items()
        }

    def _look_ahead(self, rules: Sequence[Rule], taken: Taken, now_ms: int) -> None:
        """Take what lies in the future at once: later it would pass for what was measured at its time."""
        span = (now_ms + AHEAD_MS) * NANO, _END_NS
        self.state.ahead = self.state.too_far = 0
        for rule in rules:
            number = self.ports.source.count(rule, span)
            if number > MOST_AHEAD:
                self.state.too_far += number
                continue
            self.state.ahead += number
            if number:
                self._take(missing(taken, self.reader.lines([rule], span)), taken, now_ms)

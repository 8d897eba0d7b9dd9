"""From readings to accounts: whole runs at a time where nothing cuts, exactly where something does."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, repeat

from coldchain.errors import InvalidInput
from coldchain.excursions import Judged
from coldchain.exposure.account import Account, Extreme, RuleAccount
from coldchain.gaps import Piece, Spoken
from coldchain.kinetic import HOUR_MS, HourSum, kinetic_weight
from coldchain.profiles import Rule, Side, Weighting
from coldchain.readings import Grade
from coldchain.spans import Span

Samples = Sequence[tuple[int, float]]


@lru_cache(maxsize=1 << 16)
def thousandths(value: float) -> int:
    """A value rounded to 0.001 as everywhere in judging, in thousandths."""
    return round(round(value, 3) * 1000)


def accounts(
    samples: Samples, judged: Judged, edges: Sequence[int], *, grades: Sequence[Grade] | None = None
) -> list[Account]:
    """One account per cell between neighbouring `edges` (ascending), by a series in order without doubles.

    The series must hold the last reading before the first edge and the first one behind the last edge where
    they are within the gap limit. `grades` are those of the readings; None leaves them out.
    Raises InvalidInput for readings out of order.
    """
    course = _Course(samples, judged, grades)
    return [course.account(*cell) for cell in pairwise(edges)]


def account(
    samples: Samples, judged: Judged, span: Span, *, grades: Sequence[Grade] | None = None
) -> Account:
    """The account of one time [from_ms, to_ms)."""
    return accounts(samples, judged, span, grades=grades)[0]


def hour_sums(samples: Samples, judged: Judged, span: Span) -> list[HourSum]:
    """What windows need: the sums of each full UTC hour in which something of a time is known."""
    edges = [span[0], *range((span[0] // HOUR_MS + 1) * HOUR_MS, span[1], HOUR_MS), span[1]]
    found = zip(edges, accounts(samples, judged, edges), strict=False)
    return [one.hour_sum(at_ms // HOUR_MS * HOUR_MS) for at_ms, one in found if one.covered_ms]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beyond:
    """One rule over a whole series: which readings break it (1 or 0), and how far they are beyond,
    thousandths."""

    rule: str
    broken: Sequence[int]
    far: Sequence[int]


class _Course:
    """A series with its integrands: one whole number per reading each."""

    def __init__(self, samples: Samples, judged: Judged, grades: Sequence[Grade] | None) -> None:
        times = [time_ms for time_ms, _ in samples]
        self.spoken = Spoken(times, interval_ms=judged.interval_ms, limit_ms=judged.limit_ms)
        if self.spoken.waits and min(self.spoken.waits) <= 0:
            raise InvalidInput("readings must ascend in time for an account")
        self.values = [thousandths(value) for _, value in samples]
        squares = {value: value * value for value in set(self.values)}
        self.squares = [squares[value] for value in self.values]
        self.activation = judged.profile.activation_kj_mol
        self.weights = (
            list(map(kinetic_weight, self.values, repeat(self.activation)))
            if judged.quantity == "temperature"
            else [0] * len(times)
        )
        self.straight = judged.profile.weighting is Weighting.TRAPEZOID
        self.names = [rule.name for rule in judged.rules if rule.by_value]
        self.beyond = [
            one for rule in judged.rules if rule.by_value and (one := _beyond(rule, self.values)) is not None
        ]
        self.kept = [int(not any(flags)) for flags in zip(*(one.broken for one in self.beyond), strict=True)]
        self.grades = grades

    def account(self, from_ms: int, to_ms: int) -> Account:
        pieces = [piece for piece in self.spoken.pieces(from_ms, to_ms) if piece.known]
        covered = sum(piece.to_ms - piece.from_ms for piece in pieces)
        first, last = bisect_left(self.spoken.times, from_ms), bisect_left(self.spoken.times, to_ms)
        return Account(
            activation_kj_mol=self.activation,
            readings=last - first,
            covered_ms=covered,
            unknown_ms=to_ms - from_ms - covered,
            in_ms=self.spoken.held(self.kept, pieces) if self.beyond else covered,
            lowest=self._extreme(-1, first, last),
            highest=self._extreme(1, first, last),
            double_values=self.spoken.doubled(self.values, pieces, straight=self.straight),
            double_squares=self.spoken.doubled(self.squares, pieces, straight=self.straight),
            double_kinetic=self.spoken.doubled(self.weights, pieces, straight=self.straight),
            rules=self._rules(pieces, first, last),
            grades=self._graded(pieces),
        )

    def _rules(self, pieces: Sequence[Piece], first: int, last: int) -> tuple[RuleAccount, ...]:
        found = {
            one.rule: RuleAccount(
                rule=one.rule,
                out_ms=self.spoken.held(one.broken, pieces),
                readings=sum(one.broken[first:last]),
                double_degree_ms=self.spoken.doubled(one.far, pieces, straight=self.straight),
            )
            for one in self.beyond
        }
        return tuple(found.get(name) or RuleAccount(rule=name) for name in self.names)

    def _extreme(self, sign: int, first: int, last: int) -> Extreme | None:
        if first == last:
            return None
        ours = self.values[first:last]
        farthest = max(ours) if sign > 0 else min(ours)
        return Extreme(thousandths=farthest, at_ms=self.spoken.times[first + ours.index(farthest)])

    def _graded(self, pieces: Sequence[Piece]) -> tuple[tuple[Grade, int], ...]:
        if self.grades is None:
            return ()
        sums: dict[Grade, int] = {}
        for from_ms, to_ms, first, last in pieces:
            spans = [to_ms - from_ms] if first == last else self.spoken.waits[first : last + 1]
            for grade, span in zip(self.grades[first : last + 1], spans, strict=True):
                sums[grade] = sums.get(grade, 0) + span
        return tuple((grade, sums[grade]) for grade in Grade if grade in sums)


def _beyond(rule: Rule, values: Sequence[int]) -> _Beyond | None:
    """What of a series lies beyond a rule's limit, None for nothing."""
    threshold, sign = thousandths(rule.threshold), 1 if rule.side is Side.HIGH else -1
    if not values or (max(values) - threshold if sign > 0 else threshold - min(values)) < 0:
        return None
    far = [max(0, (value - threshold) * sign) for value in values]
    least = 0 if rule.inclusive else 1
    broken = [int((value - threshold) * sign >= least) for value in values]
    return _Beyond(rule=rule.name, broken=broken, far=far)

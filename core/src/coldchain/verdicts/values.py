"""What a verdict says: outcome, reasons with figures, and their words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from coldchain.exposure import Account
from coldchain.kinetic import Window
from coldchain.profiles import Counting, Profile
from coldchain.readings import Grade
from coldchain.words import Language, term

MINUTE_MS = 60_000


class Outcome(StrEnum):
    """The three answers. Not demonstrable is not a milder kind of conform."""

    CONFORM = "conform"
    NON_CONFORM = "non_conform"
    NOT_DEMONSTRABLE = "not_demonstrable"


class ReasonKind(StrEnum):
    """Why a verdict is what it is, in the order in which it is decided; the last two change no outcome."""

    LIMIT_BROKEN = "limit_broken"
    SUM_USED_UP = "sum_used_up"
    MEAN_TOO_WARM = "mean_too_warm"
    TOO_FAST = "too_fast"
    NO_READINGS = "no_readings"
    COVERAGE_TOO_LOW = "coverage_too_low"
    GRADE_TOO_LOW = "grade_too_low"
    NO_UNCERTAINTY = "no_uncertainty"
    INDETERMINATE = "indeterminate"
    GAP_MAY_HIDE = "gap_may_hide"
    WITHIN_DELAY = "within_delay"
    WARNING_ONLY = "warning_only"

    @property
    def outcome(self) -> Outcome:
        """The outcome that this reason alone leads to."""
        return _OUTCOMES.get(self, Outcome.NOT_DEMONSTRABLE)


_OUTCOMES = {
    ReasonKind.LIMIT_BROKEN: Outcome.NON_CONFORM,
    ReasonKind.SUM_USED_UP: Outcome.NON_CONFORM,
    ReasonKind.MEAN_TOO_WARM: Outcome.NON_CONFORM,
    ReasonKind.TOO_FAST: Outcome.NON_CONFORM,
    ReasonKind.WITHIN_DELAY: Outcome.CONFORM,
    ReasonKind.WARNING_ONLY: Outcome.CONFORM,
}


class Figure(StrEnum):
    """What a figure of a reason is; names that end in `_ms` are times."""

    LIMIT = "limit"
    PEAK = "peak"
    MEAN = "mean"
    FROM_MS = "from_ms"
    OUT_MS = "out_ms"
    ALLOWED_MS = "allowed_ms"
    UNKNOWN_MS = "unknown_ms"
    SHARE = "share"
    REQUIRED = "required"
    UNCERTAINTY = "uncertainty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason; `rule` where one rule is its cause, `figures` in °C (or the rule's unit), ms and shares."""

    kind: ReasonKind
    rule: str | None = None
    figures: Mapping[Figure, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer about one point and time under one profile version.

    `reasons` are ordered as they were decided; the first gave the outcome. `coverage`: share of the
    required time for which readings exist; `sufficient`: … of a grade that suffices. `shares`: required
    time by grade. `windows`: the worst window of each rule on a mean kinetic temperature. `optimistic`,
    `warm`, `cold`: the account with its gaps filled by the bounds, None where there is no such bound.
    `indeterminate_ms`: time within the uncertainty of a limit.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    profile: Profile
    interval_ms: int
    from_ms: int
    to_ms: int
    account: Account
    coverage: float
    sufficient: float
    shares: Mapping[Grade, float]
    windows: Mapping[str, Window]
    optimistic: Account | None = None
    warm: Account | None = None
    cold: Account | None = None
    indeterminate_ms: int = 0

    def counted_ms(self, rule: str) -> int:
        """The time beyond a rule's limit as the profile counts it: measured, or n readings × interval."""
        beyond = self.account.rule(rule)
        points = self.profile.counting is Counting.POINTS
        return beyond.readings * self.interval_ms if points else beyond.out_ms

    @property
    def recorded_ms(self) -> int:
        """The length of what was recorded as the profile counts it."""
        readings = self.account.readings
        if self.profile.counting is Counting.POINTS:
            return readings * self.interval_ms
        return self.account.covered_ms


def said(reason: Reason, language: Language) -> str:
    """A reason in words: which rule, what, and its figures but instants."""
    rule = "" if reason.rule is None else f"{reason.rule}: "
    figures = [
        f"{term(kind, language)} {_written(kind, value, language)}"
        for kind, value in reason.figures.items()
        if kind is not Figure.FROM_MS
    ]
    return f"{rule}{term(reason.kind, language)}" + (f" ({', '.join(figures)})" if figures else "")


def _written(kind: Figure, value: float, language: Language) -> str:
    if kind.value.endswith("_ms"):
        return f"{value / MINUTE_MS:.1f} {'min' if language is Language.EN else '分钟'}"
    return (
        f"{value:.2%}" if kind in (Figure.SHARE, Figure.REQUIRED) else f"{value:.3f}".rstrip("0").rstrip(".")
    )

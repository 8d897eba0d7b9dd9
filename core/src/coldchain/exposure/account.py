"""The account of one time: additive sums, extremes, and per rule what lay beyond its limit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypedDict

from coldchain.errors import InvalidInput
from coldchain.kinetic import HourSum, mean_kinetic
from coldchain.readings import Grade

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """The farthest value, in thousandths, and the first instant it was read at."""

    thousandths: int
    at_ms: int

    @property
    def value(self) -> float:
        """The value in its unit."""
        return self.thousandths / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAccount:
    """Beyond one rule's limit: time behind readings that break it, how many they were, and how far, over
    time.

    `double_degree_ms` is twice Σ (how far beyond, 0.001 of the unit) × ms, by the profile's weighting.
    """

    rule: str
    out_ms: int = 0
    readings: int = 0
    double_degree_ms: int = 0

    @property
    def degree_minutes(self) -> float:
        """How far beyond the limit, over time: unit × min."""
        return self.double_degree_ms / 2000 / MINUTE_MS


class StoredAccount(TypedDict):
    """What `Account.to_json` gives."""

    activation_kj_mol: float
    sums: Sequence[int]
    lowest: list[int] | None
    highest: list[int] | None
    kinetic: str
    rules: Sequence[tuple[str, int, int, int]]
    grades: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is known of a time. `covered_ms` + `unknown_ms` is its length; readings are those that lie in it.

    `in_ms`: covered time behind readings that break no limit of a value. `double_values`, `double_squares`
    and `double_kinetic`: twice Σ value × ms (0.001 of the unit), Σ value² × ms (10⁻⁶), Σ kinetic weight ×
    ms for `activation_kj_mol`. `grades`: covered time by the grade of the reading that speaks.
    """

    activation_kj_mol: float
    readings: int = 0
    covered_ms: int = 0
    unknown_ms: int = 0
    in_ms: int = 0
    lowest: Extreme | None = None
    highest: Extreme | None = None
    double_values: int = 0
    double_squares: int = 0
    double_kinetic: int = 0
    rules: tuple[RuleAccount, ...] = ()
    grades: tuple[tuple[Grade, int], ...] = ()

    @property
    def required_ms(self) -> int:
        """The length of the time."""
        return self.covered_ms + self.unknown_ms

    @property
    def coverage(self) -> float | None:
        """The share of the time for which readings exist; None for no time at all."""
        return self.covered_ms / self.required_ms if self.required_ms else None

    @property
    def mean(self) -> float | None:
        """The mean over the covered time, rounded to 0.001."""
        if not self.covered_ms:
            return None
        return round(self.double_values / (2000 * self.covered_ms), 3) + 0.0

    @property
    def deviation(self) -> float | None:
        """The standard deviation over the covered time."""
        if not self.covered_ms:
            return None
        double_ms = 2 * self.covered_ms
        spread = self.double_squares * double_ms - self.double_values**2
        return float(max(spread, 0) ** 0.5 / double_ms / 1000)

    @property
    def mkt(self) -> float | None:
        """The mean kinetic temperature over the covered time, °C, rounded to 0.001."""
        return mean_kinetic(self.double_kinetic, 2 * self.covered_ms, self.activation_kj_mol)

    def rule(self, name: str) -> RuleAccount:
        """The account beyond a rule's limit."""
        for one in self.rules:
            if one.rule == name:
                return one
        return RuleAccount(rule=name)

    def hour_sum(self, hour_ms: int) -> HourSum:
        """What a window needs of the account of one hour."""
        return HourSum(hour_ms=hour_ms, double_ms=2 * self.covered_ms, kinetic=self.double_kinetic)

    def merge(self, other: "Account") -> "Account":
        """The account of both times together; they must not overlap. Raises InvalidInput for another ΔH."""
        if self.activation_kj_mol != other.activation_kj_mol:
            raise InvalidInput("accounts by different activation energies do not add up")
        return Account(
            activation_kj_mol=self.activation_kj_mol,
            readings=self.readings + other.readings,
            covered_ms=self.covered_ms + other.covered_ms,
            unknown_ms=self.unknown_ms + other.unknown_ms,
            in_ms=self.in_ms + other.in_ms,
            lowest=_lower(self.lowest, other.lowest),
            highest=_higher(self.highest, other.highest),
            double_values=self.double_values + other.double_values,
            double_squares=self.double_squares + other.double_squares,
            double_kinetic=self.double_kinetic + other.double_kinetic,
            rules=_rules(self.rules, other.rules),
            grades=_grades(self.grades, other.grades),
        )

    def to_json(self) -> dict[str, object]:
        """Give the account as plain values for storage."""
        return {
            "activation_kj_mol": self.activation_kj_mol,
            "sums": [getattr(self, name) for name in _SUMS],
            "lowest": None if self.lowest is None else [self.lowest.thousandths, self.lowest.at_ms],
            "highest": None if self.highest is None else [self.highest.thousandths, self.highest.at_ms],
            "kinetic": str(self.double_kinetic),
            "rules": [[one.rule, one.out_ms, one.readings, one.double_degree_ms] for one in self.rules],
            "grades": {grade.value: ms for grade, ms in self.grades},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Account":
        """Read what `to_json` gave; raises InvalidInput where it is something else."""
        match stored:
            case {
                "activation_kj_mol": int() | float() as activation,
                "sums": [int(), int(), int(), int(), int(), int()] as sums,
                "lowest": lowest,
                "highest": highest,
                "kinetic": str() as kinetic,
                "rules": list() as rules,
                "grades": dict() as grades,
            }:
                readings, covered, unknown, inside, values, squares = sums
                return cls(
                    readings=readings,
                    covered_ms=covered,
                    unknown_ms=unknown,
                    in_ms=inside,
                    double_values=values,
                    double_squares=squares,
                    activation_kj_mol=float(activation),
                    lowest=_extreme(lowest),
                    highest=_extreme(highest),
                    double_kinetic=int(kinetic),
                    rules=tuple(_rule(one) for one in rules),
                    grades=tuple((Grade(name), int(ms)) for name, ms in grades.items()),
                )
        raise InvalidInput("not a stored account")


def total(stored: Sequence[StoredAccount]) -> Account:
    """All of what `to_json` gave, of times that do not overlap, as `merge` adds them up: only much quicker.

    Raises InvalidInput for none, and for accounts by different activation energies.
    """
    if not stored or any(one["activation_kj_mol"] != stored[0]["activation_kj_mol"] for one in stored):
        raise InvalidInput("no accounts, or accounts by different activation energies: they do not add up")
    rules: dict[str, list[int]] = {}
    grades: dict[str, int] = {}
    for one in stored:
        for name, out_ms, number, degree in one["rules"]:
            figures = rules.setdefault(name, [0, 0, 0])
            figures[0] += out_ms
            figures[1] += number
            figures[2] += degree
        for grade, ms in one["grades"].items():
            grades[grade] = grades.get(grade, 0) + ms
    lows = [low for one in stored if (low := one["lowest"])]
    highs = [high for one in stored if (high := one["highest"])]
    readings, covered, unknown, inside, values, squares = map(
        sum, zip(*[one["sums"] for one in stored], strict=True)
    )
    return Account(
        activation_kj_mol=float(stored[0]["activation_kj_mol"]),
        readings=readings,
        covered_ms=covered,
        unknown_ms=unknown,
        in_ms=inside,
        lowest=_extreme(min(lows, default=None)),
        highest=_extreme(max(highs, key=_height, default=None)),
        double_values=values,
        double_squares=squares,
        double_kinetic=sum([int(one["kinetic"]) for one in stored]),
        rules=tuple(
            [
                RuleAccount(rule=name, out_ms=out_ms, readings=number, double_degree_ms=degree)
                for name, (out_ms, number, degree) in rules.items()
            ]
        ),
        grades=tuple([(grade, grades[name]) for name, grade in _GRADES if name in grades]),
    )


def _height(stored: Sequence[int]) -> tuple[int, int]:
    return stored[0], -stored[1]


_GRADES = tuple((grade.value, grade) for grade in Grade)
_SUMS = ("readings", "covered_ms", "unknown_ms", "in_ms", "double_values", "double_squares")


def merged(accounts: Iterable[Account]) -> Account | None:
    """All accounts together, in any order; None for none."""
    found = list(accounts)
    return reduce(Account.merge, found) if found else None


def _lower(one: Extreme | None, other: Extreme | None) -> Extreme | None:
    if one is None or other is None:
        return one or other
    return one if (one.thousandths, one.at_ms) <= (other.thousandths, other.at_ms) else other


def _higher(one: Extreme | None, other: Extreme | None) -> Extreme | None:
    if one is None or other is None:
        return one or other
    return one if (-one.thousandths, one.at_ms) <= (-other.thousandths, other.at_ms) else other


def _rules(ours: Sequence[RuleAccount], theirs: Sequence[RuleAccount]) -> tuple[RuleAccount, ...]:
    by_name = {one.rule: one for one in theirs}
    both = [_sum(one, by_name.pop(one.rule, None)) for one in ours]
    return (*both, *by_name.values())


def _sum(one: RuleAccount, other: RuleAccount | None) -> RuleAccount:
    if other is None:
        return one
    return RuleAccount(
        rule=one.rule,
        out_ms=one.out_ms + other.out_ms,
        readings=one.readings + other.readings,
        double_degree_ms=one.double_degree_ms + other.double_degree_ms,
    )


def _grades(
    ours: Sequence[tuple[Grade, int]], theirs: Sequence[tuple[Grade, int]]
) -> tuple[tuple[Grade, int], ...]:
    sums = dict(ours)
    for grade, ms in theirs:
        sums[grade] = sums.get(grade, 0) + ms
    return tuple((grade, sums[grade]) for grade in Grade if grade in sums)


def _extreme(stored: object) -> Extreme | None:
    match stored:
        case None:
            return None
        case [int() as thousandths, int() as at_ms]:
            return Extreme(thousandths=thousandths, at_ms=at_ms)
    raise InvalidInput("not a stored extreme")


def _rule(stored: object) -> RuleAccount:
    match stored:
        case [str() as rule, int() as out_ms, int() as readings, int() as degree]:
            return RuleAccount(rule=rule, out_ms=out_ms, readings=readings, double_degree_ms=degree)
    raise InvalidInput("not a stored account of a rule")

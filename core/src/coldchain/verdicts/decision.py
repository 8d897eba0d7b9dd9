"""The decision, in its order: what is surely broken, then what cannot be shown, then conform."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from coldchain.excursions import Excursion
from coldchain.exposure import Account
from coldchain.kinetic import Window
from coldchain.profiles import Mode, Profile, Rule, moved
from coldchain.verdicts.values import Figure, Outcome, Reason, ReasonKind, Verdict

_BROKEN = {
    Mode.SINGLE: ReasonKind.LIMIT_BROKEN,
    Mode.CUMULATIVE: ReasonKind.SUM_USED_UP,
    Mode.MKT: ReasonKind.MEAN_TOO_WARM,
    Mode.RATE: ReasonKind.TOO_FAST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A series judged by one set of limits: its excursions, and the worst window of each rule on a mean.

    `moved_by`: how far outward the limits lie of the profile's own, °C.
    """

    excursions: Sequence[Excursion] = ()
    windows: Mapping[str, Window] = field(default_factory=dict)
    moved_by: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a verdict on one point and time [from_ms, to_ms) is decided by.

    `account`: of that time. `judged`: by the profile's limits, up to `to_ms`. `surely` and `possibly`: by
    limits moved outward and inward by the `uncertainty` (°C), where the profile asks for that. `drifted`:
    the names of rules that a bound of the gaps breaks. `gap_ms`: unknown time within each excursion that
    has some, by (rule, opened_ms).
    """

    profile: Profile
    interval_ms: int
    from_ms: int
    to_ms: int
    account: Account
    judged: Limits
    uncertainty: float | None = None
    surely: Limits | None = None
    possibly: Limits | None = None
    indeterminate_ms: int = 0
    drifted: Sequence[str] = ()
    gap_ms: Mapping[tuple[str, int], int] = field(default_factory=dict)
    optimistic: Account | None = None
    warm: Account | None = None
    cold: Account | None = None


def decide(evidence: Evidence, quantity: str = "temperature") -> Verdict:
    """The verdict; its reasons stand in the order of `ReasonKind`."""
    account, required = evidence.account, evidence.account.required_ms
    shares = {grade: ms / required for grade, ms in account.grades if required}
    coverage = account.covered_ms / required if required else 0.0
    enough = [share for grade, share in shares.items() if grade in evidence.profile.grades]
    sufficient = sum(enough) if shares else coverage
    rules = evidence.profile.rules_for(quantity)
    reasons = [*_broken(evidence, rules), *_missing(evidence, coverage, sufficient)]
    reasons += [*_unsure(evidence, rules), *_hidden(evidence, rules), *_allowed(evidence, rules)]
    reasons.sort(key=lambda reason: list(ReasonKind).index(reason.kind))
    return Verdict(
        outcome=reasons[0].kind.outcome if reasons else Outcome.CONFORM,
        reasons=tuple(reasons),
        profile=evidence.profile,
        interval_ms=evidence.interval_ms,
        from_ms=evidence.from_ms,
        to_ms=evidence.to_ms,
        account=account,
        coverage=coverage,
        sufficient=sufficient,
        shares=shares,
        windows=evidence.judged.windows,
        optimistic=evidence.optimistic,
        warm=evidence.warm,
        cold=evidence.cold,
        indeterminate_ms=evidence.indeterminate_ms,
    )


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome of several points or times together; of none, nothing can be shown."""
    order = (Outcome.NON_CONFORM, Outcome.NOT_DEMONSTRABLE, Outcome.CONFORM)
    return next((one for one in order if one in outcomes), Outcome.NOT_DEMONSTRABLE)


def in_time(excursion: Excursion, from_ms: int, to_ms: int) -> bool:
    """Whether an excursion stands in a time: opened before its end, not closed before its beginning."""
    ended_ms = excursion.closed_ms
    return excursion.opened_ms < to_ms and (ended_ms is None or ended_ms > from_ms)


def breaking(limits: Limits, rule: Rule, from_ms: int, to_ms: int) -> Iterator[Reason]:
    """What breaks a rule in a time: excursions that reached its alarm by the end, a window's mean."""
    found = [
        one
        for one in limits.excursions
        if one.rule == rule.name
        and in_time(one, from_ms, to_ms)
        and one.alarm_ms is not None
        and one.alarm_ms <= to_ms
    ]
    window = limits.windows.get(rule.name)
    limit = moved(rule, limits.moved_by)
    if window is not None and rule.alarm_after_ms == 0 and limit.broken_by(window.mkt):
        figures = {Figure.MEAN: window.mkt, Figure.LIMIT: rule.threshold, Figure.FROM_MS: window.from_ms}
        yield Reason(kind=ReasonKind.MEAN_TOO_WARM, rule=rule.name, figures=figures)
    elif found:
        worst_one = max(found, key=lambda one: (one.out_ms, -one.opened_ms))
        figures = _figures(rule, worst_one)
        yield Reason(kind=_BROKEN[rule.mode], rule=rule.name, figures=figures)


def _figures(rule: Rule, excursion: Excursion) -> dict[Figure, float]:
    return {
        Figure.FROM_MS: excursion.opened_ms,
        Figure.OUT_MS: excursion.out_ms,
        Figure.ALLOWED_MS: rule.alarm_after_ms or 0,
        Figure.PEAK: excursion.peak,
        Figure.LIMIT: rule.threshold,
    }


def _all_breaking(limits: Limits, rules: Sequence[Rule], evidence: Evidence) -> list[Reason]:
    return [one for rule in rules for one in breaking(limits, rule, evidence.from_ms, evidence.to_ms)]


def _broken(evidence: Evidence, rules: Sequence[Rule]) -> list[Reason]:
    limits = evidence.judged
    if evidence.profile.indeterminate:
        limits = evidence.surely or Limits()
    return _all_breaking(limits, rules, evidence)


def _missing(evidence: Evidence, coverage: float, sufficient: float) -> Iterator[Reason]:
    required = evidence.profile.required_coverage
    if not evidence.account.covered_ms:
        yield Reason(kind=ReasonKind.NO_READINGS)
    elif coverage < required:
        yield Reason(kind=ReasonKind.COVERAGE_TOO_LOW, figures=_shares(coverage, required))
    elif sufficient < required:
        yield Reason(kind=ReasonKind.GRADE_TOO_LOW, figures=_shares(sufficient, required))


def _shares(share: float, required: float) -> dict[Figure, float]:
    return {Figure.SHARE: share, Figure.REQUIRED: required}


def _unsure(evidence: Evidence, rules: Sequence[Rule]) -> Iterator[Reason]:
    """Limits that may be broken, or kept, within the uncertainty of the measurement."""
    if not evidence.profile.indeterminate:
        return
    if evidence.uncertainty is None:
        yield Reason(kind=ReasonKind.NO_UNCERTAINTY)
        return
    surely = {reason.rule for reason in _broken(evidence, rules)}
    for reason in _all_breaking(evidence.possibly or Limits(), rules, evidence):
        if reason.rule not in surely:
            figures = {**reason.figures, Figure.UNCERTAINTY: evidence.uncertainty}
            yield Reason(kind=ReasonKind.INDETERMINATE, rule=reason.rule, figures=figures)


def _hidden(evidence: Evidence, rules: Sequence[Rule]) -> Iterator[Reason]:
    """Rules that unknown time may have broken: by a bound, or within an excursion that has a gap."""
    broken = {reason.rule for reason in _broken(evidence, rules)}
    for rule in rules:
        gaps = [
            (one, evidence.gap_ms.get((one.rule, one.opened_ms), 0))
            for one in evidence.judged.excursions
            if one.rule == rule.name and in_time(one, evidence.from_ms, evidence.to_ms)
        ]
        delay = rule.alarm_after_ms
        if rule.name in broken or delay is None:
            continue
        within = next(
            ((one, gap) for one, gap in gaps if gap and one.alarm_ms is None and one.out_ms + gap >= delay),
            None,
        )
        if within is not None:
            figures = {**_figures(rule, within[0]), Figure.UNKNOWN_MS: within[1]}
            yield Reason(kind=ReasonKind.GAP_MAY_HIDE, rule=rule.name, figures=figures)
        elif rule.name in evidence.drifted:
            figures = {Figure.LIMIT: rule.threshold, Figure.UNKNOWN_MS: evidence.account.unknown_ms}
            yield Reason(kind=ReasonKind.GAP_MAY_HIDE, rule=rule.name, figures=figures)


def _allowed(evidence: Evidence, rules: Sequence[Rule]) -> Iterator[Reason]:
    """Excursions that change no outcome: shorter than the alarm's delay, or of a rule that only warns."""
    for rule in rules:
        found = [
            one
            for one in evidence.judged.excursions
            if one.rule == rule.name
            and in_time(one, evidence.from_ms, evidence.to_ms)
            and (one.alarm_ms is None or one.alarm_ms > evidence.to_ms)
        ]
        if found:
            longest = max(found, key=lambda one: (one.out_ms, -one.opened_ms))
            kind = ReasonKind.WARNING_ONLY if rule.alarm_after_ms is None else ReasonKind.WITHIN_DELAY
            yield Reason(kind=kind, rule=rule.name, figures=_figures(rule, longest))

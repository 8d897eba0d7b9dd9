"""From one point's readings to the evidence of a verdict."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from coldchain.bounds import Bound, filled
from coldchain.excursions import Judged, judge
from coldchain.exposure import Account, account, hour_sums
from coldchain.gaps import Spoken
from coldchain.kinetic import Window, mean_kinetic, windows, worst_window
from coldchain.profiles import Counting, Mode, Side, guarded
from coldchain.readings import Grade
from coldchain.spans import Span
from coldchain.verdicts.decision import Evidence, Limits, breaking, decide, in_time
from coldchain.verdicts.values import Verdict

Samples = Sequence[tuple[int, float]]


def of_series(
    samples: Samples,
    judged: Judged,
    span: Span,
    *,
    uncertainty: float | None = None,
    grades: Sequence[Grade] | None = None,
) -> Verdict:
    """The verdict on a time by one point's readings in order; readings before it count for windows and
    sums."""
    return decide(evidence_of(samples, judged, span, uncertainty=uncertainty, grades=grades), judged.quantity)


def span_of(samples: Samples, judged: Judged) -> Span:
    """The time that a series stands for where nobody names one, by the profile's counting; of at least 1
    ms."""
    last_ms, interval_ms = samples[-1][0], judged.interval_ms
    elapsed = judged.profile.counting is Counting.ELAPSED and len(samples) > 1
    return samples[0][0], last_ms if elapsed else last_ms + interval_ms


def evidence_of(
    samples: Samples,
    judged: Judged,
    span: Span,
    *,
    uncertainty: float | None = None,
    grades: Sequence[Grade] | None = None,
) -> Evidence:
    """What a verdict is decided by; with the bounds of gaps, and guard bands where the profile asks for
    them. Readings behind the end of the time are left out: a question never looks behind its end."""
    ended = bisect_right(samples, span[1], key=lambda sample: sample[0])
    samples, grades = samples[:ended], None if grades is None else grades[:ended]
    limits = judged_limits(samples, judged, span)
    evidence = Evidence(
        profile=judged.profile,
        interval_ms=judged.interval_ms,
        from_ms=span[0],
        to_ms=span[1],
        account=account(samples, judged, span, grades=grades),
        judged=limits,
        uncertainty=uncertainty,
        gap_ms=_gaps_within(samples, judged, limits, span),
    )
    if judged.profile.indeterminate and uncertainty is not None:
        evidence = _guarded(evidence, samples, judged, uncertainty)
    return _bounded(evidence, samples, judged) if evidence.account.unknown_ms else evidence


def judged_limits(samples: Samples, judged: Judged, span: Span) -> Limits:
    """Excursions up to the end of a time, and the worst window of each rule on a mean kinetic temperature."""
    found: dict[str, Window] = {}
    for rule in judged.tallied:
        if rule.mode is Mode.MKT and rule.window_ms is not None:
            window = worst_mean(samples, judged, span, rule.window_ms)
            if window is not None:
                found[rule.name] = window
    return Limits(excursions=judge(samples, span[1], judged).excursions, windows=found)


def worst_mean(samples: Samples, judged: Judged, span: Span, window_ms: int) -> Window | None:
    """The warmest mean kinetic temperature of the windows that end in a time and, where it is no longer
    than one, of the whole time."""
    activation = judged.profile.activation_kj_mol
    hours = hour_sums(samples, judged, (span[0] - window_ms, span[1]))
    ended = [one for one in windows(hours, window_ms, activation) if span[0] < one.to_ms <= span[1]]
    if span[1] - span[0] <= window_ms:
        whole = account(samples, judged, span)
        mkt = mean_kinetic(whole.double_kinetic, 2 * whole.covered_ms, activation)
        if mkt is not None:
            ended.append(Window(from_ms=span[0], to_ms=span[1], mkt=mkt, known_ms=whole.covered_ms))
    return worst_window(ended)


def _gaps_within(samples: Samples, judged: Judged, limits: Limits, span: Span) -> dict[tuple[str, int], int]:
    """Unknown time inside each excursion that has some, up to the end of the time."""
    torn = [one for one in limits.excursions if one.data_gap or one.closed_ms is None]
    times = [time_ms for time_ms, _ in samples]
    spoken = Spoken(times, interval_ms=judged.interval_ms, limit_ms=judged.limit_ms)
    return {
        (one.rule, one.opened_ms): sum(
            to_ms - from_ms
            for from_ms, to_ms in spoken.gaps(
                one.opened_ms, span[1] if one.closed_ms is None else one.closed_ms
            )
        )
        for one in torn
        if in_time(one, *span)
    }


def _guarded(evidence: Evidence, samples: Samples, judged: Judged, uncertainty: float) -> Evidence:
    span = (evidence.from_ms, evidence.to_ms)
    outward = replace(judged, profile=guarded(judged.profile, uncertainty))
    inward = replace(judged, profile=guarded(judged.profile, -uncertainty))
    sure, perhaps = account(samples, outward, span), account(samples, inward, span)
    within = [perhaps.rule(one.rule).out_ms - sure.rule(one.rule).out_ms for one in evidence.account.rules]
    return replace(
        evidence,
        surely=replace(judged_limits(samples, outward, span), moved_by=uncertainty),
        possibly=replace(judged_limits(samples, inward, span), moved_by=-uncertainty),
        indeterminate_ms=max(within, default=0),
    )


def _bounded(evidence: Evidence, samples: Samples, judged: Judged) -> Evidence:
    span = (evidence.from_ms, evidence.to_ms)
    best = account(filled(samples, judged, span, Bound.OPTIMISTIC), judged, span)
    evidence = replace(evidence, optimistic=best if best.readings else None)
    if judged.profile.thermal is None or judged.quantity != "temperature":
        return evidence
    warm, drifted_warm = _worst_case(samples, judged, span, Bound.WARM)
    cold, drifted_cold = _worst_case(samples, judged, span, Bound.COLD)
    return replace(evidence, warm=warm, cold=cold, drifted=(*drifted_warm, *drifted_cold))


def _worst_case(samples: Samples, judged: Judged, span: Span, bound: Bound) -> tuple[Account, list[str]]:
    """The account with gaps filled by a worst bound, and the rules of its side that are broken then."""
    series = filled(samples, judged, span, bound)
    limits = judged_limits(series, judged, span)
    side = Side.HIGH if bound is Bound.WARM else Side.LOW
    rules = [rule for rule in judged.rules if rule.side is side and rule.mode is not Mode.RATE]
    broken = [rule.name for rule in rules if any(breaking(limits, rule, *span))]
    return account(series, judged, span), broken

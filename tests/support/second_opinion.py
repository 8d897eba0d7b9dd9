"""Questions for the second judge, made of the product's values, and excursions of both in one form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coldchain.excursions import Excursion, Judged
from coldchain.profiles import Rule, Weighting
from reference import second_judge

Told = tuple[object, ...]


def excursions_of(found: Iterable[Excursion]) -> list[Told]:
    """The product's excursions as plain tuples, by opening and rule."""
    told = [
        (
            one.opened_ms, one.rule, one.closed_ms, one.warning_ms, one.alarm_ms, one.peak, one.peak_ms,
            one.out_ms, one.data_gap,
        )
        for one in found
    ]  # fmt: skip
    return sorted(told, key=lambda one: one[:2])


def excursions_by_the_other(series: Sequence[tuple[int, float]], until_ms: int, judged: Judged) -> list[Told]:
    """The second judge's excursions in the same form."""
    return [
        (
            one.opened, one.rule, one.closed, one.warning, one.alarm, one.peak, one.peak_at, one.out,
            one.data_gap,
        )
        for one in second_judge.excursions(series, until_ms, question_of(judged))
    ]  # fmt: skip


def question_of(judged: Judged) -> second_judge.Question:
    """What the product is asked, for the second judge."""
    limits, thermal = judged.profile, judged.profile.thermal
    return second_judge.Question(
        rules=tuple(_limit(one) for one in limits.rules),
        interval=judged.interval_ms,
        gap_factor=limits.gap_factor,
        gap_floor=limits.gap_floor_ms,
        straight=limits.weighting is Weighting.TRAPEZOID,
        activation=limits.activation_kj_mol,
        required_coverage=limits.required_coverage,
        indeterminate=limits.indeterminate,
        zone=judged.zone,
        thermal=None
        if thermal is None
        else (thermal.ambient_high, thermal.ambient_low, thermal.time_constant_ms),
    )


def _limit(one: Rule) -> second_judge.Limit:
    return second_judge.Limit(
        name=one.name,
        side=one.side.value,
        threshold=one.threshold,
        inclusive=one.inclusive,
        hysteresis=one.hysteresis,
        warning_after=one.warning_after_ms,
        alarm_after=one.alarm_after_ms,
        mode=one.mode.value,
        window=one.window_ms,
        reset=one.reset.value,
        irreversible=one.irreversible,
        ignore_at_start=one.ignore_at_start_ms,
    )

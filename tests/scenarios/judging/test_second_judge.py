"""Two implementations that share nothing but docs/judging.md give the same excursions, exposure and verdicts.

`make test-reference SERIES=1000` is the long form.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import pytest

from coldchain.excursions import Judged, judge
from coldchain.exposure import account
from coldchain.profiles import Mark, Mode, Profile, Reset, Rule, Side, Thermal, Weighting
from coldchain.verdicts import of_series
from coldchain.words import Text
from reference import second_judge
from support.second_opinion import excursions_by_the_other, excursions_of, question_of
from support.soak import rounds

MINUTE = 60_000
HOUR = 60 * MINUTE
BEGIN = 1_700_000_000_000
SERIES = int(os.environ.get("COLDCHAIN_SERIES") or rounds(10, 1000))
PER_TEST = 10
ZONES: Sequence[tzinfo] = (
    ZoneInfo("Asia/Shanghai"),
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("Asia/Kolkata"),
    UTC,
)
DELAYS = (0, 1, 20_000, 5 * MINUTE, 30 * MINUTE, 2 * HOUR)
WAITS = (
    *(5 * MINUTE,) * 12, MINUTE, 5 * MINUTE + 1, 10 * MINUTE, 15 * MINUTE, 16 * MINUTE, 40 * MINUTE, 3 * HOUR,
    30 * HOUR,
)  # fmt: skip
SPECIAL = (2.0, 8.0, 8.0004, 8.0006, -0.5, 7.5, 10.0, 5.0)


def rule(rng: random.Random, name: str) -> Rule:
    mode = rng.choice(list(Mode))
    first, second = sorted(rng.choice(DELAYS) for _ in range(2))
    warning, alarm = rng.choice([(first, second), (first, None), (None, second)])
    reset = rng.choice(list(Reset)) if mode is Mode.CUMULATIVE else Reset.NEVER
    window = None
    if mode is Mode.MKT or reset is Reset.WINDOW:
        window = rng.choice([1, 2, 24]) * HOUR
    elif mode is Mode.RATE:
        window = rng.choice([MINUTE, 30 * MINUTE, HOUR])
    return Rule(
        name=name,
        side=Side.HIGH if mode is Mode.MKT else rng.choice(list(Side)),
        threshold=rng.choice([3.0, -3.0, 6.0] if mode is Mode.RATE else [2.0, -0.5, 8.0, 10.0]),
        inclusive=rng.random() < 0.5,
        hysteresis=rng.choice([0.0, 0.3, 0.5]),
        warning_after_ms=warning,
        alarm_after_ms=alarm,
        mode=mode,
        window_ms=window,
        reset=reset,
        irreversible=rng.random() < 0.2,
        ignore_at_start_ms=rng.choice([0, 0, 0, 10 * MINUTE]),
    )


def profile(rng: random.Random) -> Profile:
    thermal = Thermal(ambient_high=25, ambient_low=-10, time_constant_ms=6 * HOUR)
    return Profile(
        name="any",
        version=1,
        title=Text(en="any"),
        citation="none",
        mark=Mark.PROPOSED,
        rules=tuple(rule(rng, f"rule-{number}") for number in range(rng.randint(1, 4))),
        gap_factor=rng.choice([1.0, 2.5]),
        gap_floor_ms=rng.choice([0, 15 * MINUTE]),
        weighting=rng.choice(list(Weighting)),
        indeterminate=rng.random() < 0.3,
        required_coverage=rng.choice([0, 0.5, 0.95]),
        thermal=rng.choice([None, thermal]),
    )


def series(rng: random.Random) -> list[tuple[int, float]]:
    at_ms, value, said = BEGIN + rng.randrange(30 * HOUR), 5.0, []
    for _ in range(rng.randint(0, 120)):
        at_ms += rng.choice(WAITS)
        value = value + rng.gauss(0, 1.2) if rng.random() < 0.8 else rng.choice(SPECIAL)
        value = max(-20.0, min(25.0, value))
        said.append((at_ms, round(value, rng.choice([1, 3, 5]))))
    return said


class Case:
    """One random series under one random profile, for both judges."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        limits, self.series = profile(rng), series(rng)
        interval_ms, zone = rng.choice([MINUTE, 5 * MINUTE, 15 * MINUTE]), rng.choice(ZONES)
        self.judged = Judged(profile=limits, interval_ms=interval_ms, zone=zone)
        self.question = question_of(self.judged)
        first_ms = self.series[0][0] if self.series else BEGIN
        last_ms = self.series[-1][0] if self.series else BEGIN + MINUTE
        half_ms = (last_ms - first_ms) // 2
        self.until_ms = rng.choice([last_ms, last_ms + 2 * MINUTE, last_ms + HOUR, first_ms + half_ms + 1])
        from_ms = first_ms + rng.randrange(half_ms + 1)
        self.span = from_ms, max(self.until_ms, from_ms + 2 * MINUTE)
        self.uncertainty = rng.choice([None, 0.3])


@pytest.fixture(scope="module")
def compared() -> Counter[str]:
    """How much was compared so far."""
    return Counter()


def the_excursions_agree(case: Case) -> int:
    ours = excursions_of(judge(case.series, case.until_ms, case.judged).excursions)
    assert ours == excursions_by_the_other(case.series, case.until_ms, case.judged)
    return len(ours)


def the_exposure_agrees(case: Case) -> None:
    ours = account([one for one in case.series if one[0] <= case.span[1]], case.judged, case.span)
    theirs = second_judge.account(case.series, case.question, case.span)
    counts = (theirs.covered, theirs.unknown, theirs.readings, theirs.inside)
    assert (ours.covered_ms, ours.unknown_ms, ours.readings, ours.in_ms) == counts
    assert ours.mean == (None if theirs.mean is None else pytest.approx(theirs.mean, abs=0.001))
    mkt = second_judge.kinetic_mean(theirs, case.question)
    assert ours.mkt == (None if mkt is None else pytest.approx(mkt, abs=0.0011))
    for extreme, other in ((ours.lowest, theirs.lowest), (ours.highest, theirs.highest)):
        assert (extreme and (extreme.at_ms, extreme.value)) == other
    for one in ours.rules:
        assert one.out_ms == theirs.out.get(one.rule, 0)
        assert one.degree_minutes == pytest.approx(theirs.degree.get(one.rule, 0) / MINUTE, abs=0.01)


def the_verdicts_agree(case: Case) -> None:
    samples = second_judge.taken(case.series, 2**62)
    ours = of_series(samples, case.judged, case.span, uncertainty=case.uncertainty)
    theirs = second_judge.verdict(case.series, case.question, case.span, case.uncertainty)
    told = [(reason.kind.value, reason.rule) for reason in ours.reasons]
    assert (ours.outcome.value, told) == (theirs.outcome, list(theirs.reasons))
    assert ours.coverage == pytest.approx(theirs.coverage)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(0, SERIES, PER_TEST))
def test_two_judges_agree_on_random_series_with_gaps(
    first: int, compared: Counter[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(first, min(first + PER_TEST, SERIES)):
        case = Case(seed)
        excursions = the_excursions_agree(case)
        the_exposure_agrees(case)
        the_verdicts_agree(case)
        compared.update(series=1, readings=len(case.series), excursions=excursions, verdicts=1)
    if "COLDCHAIN_SERIES" in os.environ and compared["series"] == SERIES:
        told = ", ".join(f"{count} {name}" for name, count in compared.items())
        with capsys.disabled():
            sys.stdout.write(f"\ntwo judges agree on {told}\n")

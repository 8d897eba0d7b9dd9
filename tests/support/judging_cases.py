"""Profiles and series that tests of judging draw from."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from coldchain.excursions import INITIAL, Change, Judged, Sample, State, step
from coldchain.profiles import Mark, Mode, Profile, Reset, Rule, Side, Weighting
from coldchain.words import Text

MINUTE = 60_000
Series = list[tuple[int, float]]

NEAR_LIMITS = st.sampled_from(
    [
        -0.501,
        -0.5,
        -0.0,
        0.0,
        1.9994,
        1.9996,
        2.0,
        2.0004,
        2.3,
        2.5,
        5.0,
        7.4,
        7.5,
        7.9,
        8.0,
        8.0004,
        8.0006,
        8.001,
        9.0,
        9.0002,
        11.3,
    ]
)
VALUES = st.one_of(NEAR_LIMITS, st.floats(min_value=-40, max_value=60, allow_nan=False))
STEPS = st.sampled_from([1, 500, 1_000, 9_999, 10_000, 10_001, 25_000, MINUTE, 15 * MINUTE, 16 * MINUTE])
SERIES = st.lists(st.tuples(STEPS, VALUES), max_size=30).map(
    lambda steps: [
        (1_000_000 + sum(step for step, _ in steps[: n + 1]), value) for n, (_, value) in enumerate(steps)
    ]
)
DELAYS = st.sampled_from([0, 1, 10_000, 20_000, 5 * MINUTE, 30 * MINUTE])


@st.composite
def rules(draw: st.DrawFn, name: str) -> Rule:
    """A rule with limits among the values above."""
    first, second = sorted([draw(DELAYS), draw(DELAYS)])
    warning, alarm = draw(st.sampled_from([(first, second), (first, None), (None, second)]))
    side = draw(st.sampled_from(Side))
    return Rule(
        name=name,
        side=side,
        threshold=draw(st.sampled_from([2.0, -0.5, 8.0, 10.0])),
        inclusive=draw(st.booleans()),
        hysteresis=draw(st.sampled_from([0.0, 0.3, 0.5])),
        warning_after_ms=warning,
        alarm_after_ms=alarm,
    )


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """A profile of one to three rules."""
    count = draw(st.integers(min_value=1, max_value=3))
    return profile_of(
        *[draw(rules(f"rule-{number}")) for number in range(count)],
        gap_floor_ms=draw(st.sampled_from([0, 15 * MINUTE])),
    )


def profile_of(*rules: Rule, gap_floor_ms: int = 15 * MINUTE) -> Profile:
    """A profile of these rules."""
    return Profile(
        name="made",
        version=1,
        title=Text(en="made", zh="自制"),
        rules=rules,
        citation="none",
        mark=Mark.PROPOSED,
        gap_floor_ms=gap_floor_ms,
    )


def high(
    threshold: float = 8.0,
    *,
    inclusive: bool = False,
    hysteresis: float = 0.5,
    warning: int | None = 0,
    alarm: int | None = 30 * MINUTE,
) -> Rule:
    """A rule on the warm side."""
    return Rule(
        name="high",
        side=Side.HIGH,
        threshold=threshold,
        inclusive=inclusive,
        hysteresis=hysteresis,
        warning_after_ms=warning,
        alarm_after_ms=alarm,
    )


def low(
    threshold: float = 2.0,
    *,
    inclusive: bool = False,
    hysteresis: float = 0.5,
    warning: int | None = 0,
    alarm: int | None = 30 * MINUTE,
) -> Rule:
    """A rule on the cold side."""
    return Rule(
        name="low",
        side=Side.LOW,
        threshold=threshold,
        inclusive=inclusive,
        hysteresis=hysteresis,
        warning_after_ms=warning,
        alarm_after_ms=alarm,
    )


WINDOWS = st.sampled_from([1, 2, 24])


@st.composite
def tallied_rules(draw: st.DrawFn, name: str) -> Rule:
    """A rule of a mode other than single, with limits among the values above."""
    mode = draw(st.sampled_from([Mode.CUMULATIVE, Mode.MKT, Mode.RATE]))
    plain = draw(rules(name))
    if mode is Mode.MKT:
        window = draw(WINDOWS) * 60 * MINUTE
        return replace(plain, mode=mode, side=Side.HIGH, window_ms=window, irreversible=draw(st.booleans()))
    if mode is Mode.RATE:
        return replace(plain, mode=mode, window_ms=draw(st.sampled_from([MINUTE, 30 * MINUTE])))
    reset = draw(st.sampled_from(Reset))
    window_ms = draw(WINDOWS) * 60 * MINUTE if reset is Reset.WINDOW else None
    ignored = draw(st.sampled_from([0, 20_000]))
    return replace(
        plain,
        mode=mode,
        reset=reset,
        window_ms=window_ms,
        irreversible=draw(st.booleans()),
        ignore_at_start_ms=ignored,
    )


@st.composite
def mixed_profiles(draw: st.DrawFn) -> Profile:
    """A profile with rules of every kind, irreversible ones and ignored starts among them."""
    plain = [
        replace(draw(rules(f"plain-{number}")), irreversible=draw(st.booleans()))
        for number in range(draw(st.integers(0, 2)))
    ]
    plain = [replace(rule, ignore_at_start_ms=draw(st.sampled_from([0, 30_000]))) for rule in plain]
    others = [draw(tallied_rules(f"other-{number}")) for number in range(draw(st.integers(1, 3)))]
    made = profile_of(*plain, *others, gap_floor_ms=draw(st.sampled_from([0, 15 * MINUTE])))
    return replace(made, weighting=draw(st.sampled_from(Weighting)))


def stepped(series: Series, judged: Judged, state: State = INITIAL) -> tuple[State, list[Change]]:
    """Judge one reading after the other: what is known behind the last, and all that changed on the way."""
    changes: list[Change] = []
    for time_ms, value in series:
        state, news = step(state, Sample(time_ms=time_ms, value=value), judged)
        changes += news
    return state, changes

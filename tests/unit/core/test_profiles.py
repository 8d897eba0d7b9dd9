"""Profiles and rules: what may stand in one, and the gap rule that hangs on it."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.builtin_profiles import BUILTIN
from coldchain.errors import InvalidInput
from coldchain.gaps import gap_limit_ms, spoken_until_ms
from coldchain.profiles import Level, Mark, Mode, Profile, Rule, Side, Thermal, guarded
from coldchain.readings import Grade
from support.judging_cases import MINUTE, high, low, profile_of


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold": nan}, "possible"),
        ({"threshold": 1000.0}, "possible"),
        ({"hysteresis": -0.1}, "hysteresis"),
        ({"hysteresis": inf}, "hysteresis"),
        ({"warning_after_ms": None, "alarm_after_ms": None}, "neither"),
        ({"warning_after_ms": -1}, "delays"),
        ({"warning_after_ms": 2, "alarm_after_ms": 1}, "delays"),
        ({"quantity": "door_open"}, "no limits"),
        ({"quantity": "unheard_of"}, "no limits"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        replace(high(), **changes)  # type: ignore[arg-type]  # one wrong thing after the other


@pytest.mark.parametrize(
    "changes",
    [
        {"rules": ()},
        {"rules": (high(), high())},
        {"version": 0},
        {"gap_factor": 0.9},
        {"gap_factor": nan},
        {"gap_factor": inf},
        {"gap_floor_ms": -1},
    ],
)
def test_a_profile_that_cannot_be_meant_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="made"):
        replace(profile_of(high()), **changes)  # type: ignore[arg-type]  # likewise


@given(
    side=st.sampled_from(Side),
    inclusive=st.booleans(),
    hysteresis=st.sampled_from([0.0, 0.1, 0.5]),
    thousandths=st.integers(-3000, 3000),
)
def test_no_value_both_breaks_a_limit_and_is_clear_of_it(
    *, side: Side, inclusive: bool, hysteresis: float, thousandths: int
) -> None:
    rule = replace(high(2.0, inclusive=inclusive, hysteresis=hysteresis), side=side)
    value = 2.0 + thousandths / 1000
    assert not (rule.broken_by(round(value, 3)) and rule.cleared_by(round(value, 3)))


def test_the_band_of_a_profile_is_what_panels_draw() -> None:
    assert profile_of(high(8.0), low(2.0)).limits() == (2.0, 8.0)
    assert profile_of(high(-18.0)).limits() == (None, -18.0)
    assert profile_of(high(8.0)).limits("humidity") == (None, None)


def test_alarms_rank_above_warnings() -> None:
    assert sorted(Level, key=lambda level: level.rank) == [Level.WARNING, Level.ALARM]


@pytest.mark.parametrize("profile", BUILTIN.values(), ids=str)
def test_built_in_limits_are_cited_and_named_in_both_languages(profile: Profile) -> None:
    assert profile.citation
    assert profile.title.en
    assert profile.title.zh
    assert BUILTIN[profile.name] is profile
    below, above = profile.limits()
    assert below is None or above is None or below < above


def test_the_demonstration_says_that_its_delays_are_shortened() -> None:
    demo = BUILTIN["demo"]
    assert demo.mark is Mark.PROPOSED
    assert demo.note
    assert "shortened" in demo.note.en
    assert "缩短" in demo.note.zh
    assert all(rule.alarm_after_ms and rule.alarm_after_ms <= MINUTE for rule in demo.rules)


@pytest.mark.parametrize(
    ("interval_ms", "limit_ms"), [(2_000, 15 * MINUTE), (6 * MINUTE, 15 * MINUTE), (10 * MINUTE, 25 * MINUTE)]
)
def test_the_gap_limit_is_a_multiple_of_the_interval_with_a_floor(interval_ms: int, limit_ms: int) -> None:
    assert gap_limit_ms(profile_of(high()), interval_ms) == limit_ms


@pytest.mark.parametrize(("next_ms", "until_ms"), [(100, 100), (250, 250), (251, 100), (1000, 100)])
def test_a_reading_speaks_to_the_next_or_for_one_interval(next_ms: int, until_ms: int) -> None:
    assert spoken_until_ms(0, next_ms, interval_ms=100, limit_ms=250) == until_ms


def test_rules_are_found_by_quantity() -> None:
    damp = Rule(
        name="damp", side=Side.HIGH, threshold=75.0, inclusive=False, warning_after_ms=0, quantity="humidity"
    )
    assert profile_of(high(), damp).rules_for("humidity") == (damp,)


@pytest.mark.parametrize("profile", BUILTIN.values(), ids=str)
def test_what_a_source_does_not_say_is_marked_as_ours(profile: Profile) -> None:
    said = profile.citation
    assert profile.mark is not Mark.LAW or "GSP" in said
    assert "proposed" in said or "unverified" in said or profile.mark is not Mark.PROPOSED or "none" in said
    assert Profile(**{name: getattr(profile, name) for name in profile.__dataclass_fields__}) == profile


def test_medicine_needs_better_evidence_than_a_controllers_probe() -> None:
    for name in ("cct-medicine-gsp", "cct-medicine-usp", "vaccine-who"):
        assert Grade.CONTROLLER_PROBE not in BUILTIN[name].grades
        assert Grade.TEMPLATE_UNVERIFIED not in BUILTIN[name].grades


def test_a_guard_band_moves_limits_of_values_and_no_rate() -> None:
    rate = replace(high(20.0), name="rate", mode=Mode.RATE, window_ms=10 * MINUTE)
    moved = guarded(profile_of(high(8.0), low(2.0), rate), 0.5)
    assert [rule.threshold for rule in moved.rules] == [8.5, 1.5, 20.0]
    assert [rule.threshold for rule in guarded(profile_of(high(850.0)), 0.5).rules] == [850.0]


@pytest.mark.parametrize(
    "changes",
    [
        {"required_coverage": 1.1},
        {"activation_kj_mol": 0.5},
        {"activation_kj_mol": nan},
        {"grades": ()},
        {"cadence_ms": -1},
        {"cadence_out_ms": -5},
    ],
)
def test_what_a_verdict_rests_on_must_be_meant(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="made"):
        replace(profile_of(high()), **changes)  # type: ignore[arg-type]  # likewise


@pytest.mark.parametrize(
    ("low_side", "high_side", "constant"), [(5.0, 1.0, 1), (-300.0, 5.0, 1), (0.0, nan, 1), (0.0, 5.0, 0)]
)
def test_a_drift_that_cannot_be_meant_is_refused(low_side: float, high_side: float, constant: int) -> None:
    with pytest.raises(InvalidInput):
        Thermal(ambient_low=low_side, ambient_high=high_side, time_constant_ms=constant)

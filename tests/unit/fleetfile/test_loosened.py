"""What of a profile gets looser besides its limits: what a verdict needs, sums, windows, irreversible
rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from coldchain.profiles import Mode, Profile, Reset, Rule, Thermal
from coldchain.readings import Grade
from coldchain_backend.fleetfile.loosened import profile_loosened
from support.judging_cases import MINUTE, high, low, profile_of

HOUR = 60 * MINUTE
STRICT = replace(
    profile_of(high(), low()),
    required_coverage=0.99,
    grades=(Grade.SEALED,),
    indeterminate=True,
    thermal=Thermal(ambient_high=30.0, ambient_low=0.0, time_constant_ms=HOUR),
    cadence_ms=30 * MINUTE,
    cadence_out_ms=2 * MINUTE,
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"required_coverage": 0.9}, "coverage of 90.0% suffices"),
        ({"grades": (Grade.SEALED, Grade.CONTROLLER_PROBE)}, "controller_probe suffices now"),
        ({"indeterminate": False}, "within the uncertainty"),
        ({"thermal": None}, "no worst case"),
        ({"cadence_ms": HOUR}, "cadence 1h, was 30m"),
        ({"cadence_out_ms": None}, "cadence out of limits never, was 2m"),
    ],
)
def test_what_a_verdict_needs_less_of_is_said(changes: dict[str, Any], said: str) -> None:
    looser = replace(STRICT, **changes)
    assert any(said in one for one in profile_loosened(STRICT, looser))
    assert list(profile_loosened(looser, STRICT)) == []


def with_rule(rule: Rule) -> Profile:
    return profile_of(rule)


SUM = replace(high(warning=None), mode=Mode.CUMULATIVE, irreversible=True)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (SUM, replace(SUM, irreversible=False), "no longer irreversible"),
        (SUM, replace(SUM, reset=Reset.LOCAL_DAY), "begins anew"),
        (SUM, replace(SUM, ignore_at_start_ms=MINUTE), "ignores the first 1m"),
        (SUM, replace(SUM, mode=Mode.SINGLE), "is gone"),
        (SUM, replace(SUM, reset=Reset.WINDOW, window_ms=2 * HOUR), "window 2h, was never"),
    ],
)
def test_what_a_rule_forgets_is_said(before: Rule, after: Rule, said: str) -> None:
    assert any(said in one for one in profile_loosened(with_rule(before), with_rule(after)))


def test_nothing_changed_is_nothing_looser() -> None:
    assert list(profile_loosened(STRICT, STRICT)) == []

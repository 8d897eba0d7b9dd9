"""How loud an unheard gateway is, by its asset: a warning first, an alarm after, or both at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.judged_log import MINUTE, SECOND, T0, Log, plan

FLEET = plan({"s": MINUTE}, offline_after_ms=20 * MINUTE)


def watched(log: Log, alarm_after_ms: int | None) -> None:
    """One asset with these tiers, heard once at T0."""
    [asset] = FLEET.assets
    log.fleet(replace(FLEET, assets=(replace(asset, offline_alarm_after_ms=alarm_after_ms),)))
    log.say(("s", T0, 4.0))
    log.only = "gateway_offline"


@pytest.mark.parametrize(
    ("alarm_after_ms", "alarm_at_ms"),
    [(None, 50 * MINUTE), (60 * MINUTE, 60 * MINUTE), (25 * MINUTE, 25 * MINUTE)],
)
def test_the_alarm_comes_when_the_asset_says_so(
    log: Log, alarm_after_ms: int | None, alarm_at_ms: int
) -> None:
    watched(log, alarm_after_ms)
    log.alive_until(T0 + alarm_at_ms - SECOND, every_ms=MINUTE)
    assert log.steps() == ["gateway_offline warning fired"]
    assert log.told() == []
    log.alive_until(T0 + alarm_at_ms + SECOND)
    assert log.steps() == ["gateway_offline warning fired", "gateway_offline alarm level_changed"]
    assert log.told() == ["dispatch alert.fired"]


def test_an_asset_whose_alarm_comes_with_the_warning_is_told_at_once_and_once(log: Log) -> None:
    watched(log, 20 * MINUTE)
    log.alive_until(T0 + 80 * MINUTE, every_ms=MINUTE)
    assert log.steps() == ["gateway_offline alarm fired"]
    assert log.told() == ["dispatch alert.fired"]


def test_a_restart_between_warning_and_alarm_changes_nothing(log: Log) -> None:
    watched(log, 60 * MINUTE)
    log.alive_until(T0 + 40 * MINUTE, every_ms=MINUTE)
    log.restart()
    log.alive_until(T0 + 60 * MINUTE + SECOND, every_ms=MINUTE)
    assert log.steps() == ["gateway_offline warning fired", "gateway_offline alarm level_changed"]
    log.say(("s", log.clock.wall_ms, 4.0))
    assert log.steps()[-1] == "gateway_offline alarm resolved"
    assert log.told() == ["dispatch alert.fired", "dispatch alert.resolved"]

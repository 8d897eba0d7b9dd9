"""The key `alerting:`: what it says, what it leaves out, and what it refuses with line and key."""

from __future__ import annotations

import pytest

from coldchain.errors import ConfigError
from coldchain.profiles import Level
from coldchain.words import Text
from coldchain_backend.fleet import Alerting, Plan, fleet_record, version_of
from coldchain_backend.fleetfile import parse

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def plan(text: str) -> Plan:
    """A fleet file with these lines under `alerting:`."""
    lines = "\n".join(f"  {line}" for line in text.splitlines())
    return parse(f"organisation: demo\nalerting:\n{lines}\n")


def test_without_the_key_everything_is_as_usual() -> None:
    assert parse("organisation: demo\n").alerting == Alerting()
    assert plan("ack_timeout: 4h").alerting == Alerting()


def test_every_setting_can_be_said() -> None:
    found = plan(
        "max_shelve: {warning: 2h, alarm: 1h}\n"
        "max_out_of_service: 7d\n"
        "group_wait: 20s\n"
        "ack_timeout: 90m\n"
        "rearm: {after: 30m, times: 5}\n"
        "flood: {alarms: 20, within: 5m, calm: 15m}\n"
        "chatter: {fires: 3, within: 30m, calm: 2h}\n"
        "latch: [vaccine-2-8/freeze, frozen-food]\n"
        "instructions: {frozen-food: {en: Move the goods., zh: 转移货物。}}"
    )
    assert found.alerting == Alerting(
        shelve_warning_ms=2 * HOUR,
        shelve_alarm_ms=HOUR,
        out_of_service_ms=7 * DAY,
        group_wait_ms=20_000,
        ack_timeout_ms=90 * MINUTE,
        rearm_ms=30 * MINUTE,
        rearm_times=5,
        flood_count=20,
        flood_within_ms=5 * MINUTE,
        flood_calm_ms=15 * MINUTE,
        chatter_count=3,
        chatter_within_ms=30 * MINUTE,
        chatter_calm_ms=2 * HOUR,
        latch=("vaccine-2-8/freeze", "frozen-food"),
        instructions={"frozen-food": Text(en="Move the goods.", zh="转移货物。")},
    )
    payload = fleet_record(plan=found, text="", by="admin", reason=None, base=0)
    assert version_of(offset=1, received_ms=1, payload=payload).plan.alerting == found.alerting


def test_an_alarm_is_shelved_for_a_shorter_time_than_a_warning() -> None:
    usual = Alerting()
    assert (usual.shelve_ms(Level.WARNING), usual.shelve_ms(Level.ALARM)) == (DAY, 4 * HOUR)


@pytest.mark.parametrize(
    ("latch", "profile", "rule", "wanted"),
    [
        ("frozen-food", "frozen-food", "high", True),
        ("frozen-food", "frozen-food", None, True),
        ("frozen-food", "demo", "high", False),
        ("vaccine-2-8/freeze", "vaccine-2-8", "freeze", True),
        ("vaccine-2-8/freeze", "vaccine-2-8", "high", False),
    ],
)
def test_a_profile_or_a_rule_latches(latch: str, profile: str, rule: str | None, *, wanted: bool) -> None:
    assert Alerting(latch=(latch,)).latches(profile, rule) is wanted


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        ("latch: [nothing]", "alerting.latch", "no profile"),
        ("latch: [vaccine-2-8/nothing]", "alerting.latch", "no profile"),
        ("instructions: {nothing: {en: x, zh: x}}", "alerting.instructions", "no profile"),
        ("instructions: {demo: {en: '', zh: ''}}", "alerting.instructions", "needs a text"),
        ("max_shelve: {alarm: 8d}", "alerting", "longer than 7 d"),
        ("max_shelve: {alarm: 0s}", "alerting.max_shelve.alarm", "longer than 0"),
        ("rearm: {after: 1h, times: 1000}", "alerting.rearm", "0 to 100"),
        ("flood: {alarms: 1}", "alerting.flood", "2 to 1000"),
        ("chatter: {fires: 1}", "alerting.chatter", "2 to 100"),
        ("group_wait: 6m", "alerting", "must not wait longer"),
        ("ack_timeout: soon", "alerting.ack_timeout", "duration"),
        ("snooze: 1h", "alerting", "snooze"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_key(text: str, key: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(text)
    assert key in str(caught.value)
    assert why in str(caught.value)

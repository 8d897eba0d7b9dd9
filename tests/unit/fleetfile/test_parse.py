"""Fleet files: every mistake with its line and key, all at once."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import ConfigError
from coldchain_backend.fleet import AssetKind, ZoneState
from coldchain_backend.fleetfile import parse
from support.fleets import FLEET_FILE

GOOD = FLEET_FILE.read_text("utf-8")
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def mistakes(text: str) -> list[str]:
    """`key: message` of every mistake."""
    with pytest.raises(ConfigError) as caught:
        parse(text, file="f.yaml")
    assert all(one.file == "f.yaml" and one.line for one in caught.value.mistakes)
    return [f"{one.key}: {one.message}" for one in caught.value.mistakes]


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_a_good_file_becomes_a_plan() -> None:
    plan = parse(GOOD)
    store, truck = plan.assets
    assert (store.kind, truck.kind) == (AssetKind.COLD_STORE, AssetKind.VEHICLE)
    assert (store.offline_after_ms, truck.offline_after_ms) == (900_000, 3_600_000)
    place = plan.place_of_sensor("zigbee/疫苗柜")
    assert place is not None
    assert place.zone.name.in_("zh") == "疫苗柜"
    assert plan.zones is not None
    assert [zone.state for _, zone in plan.zones()].count(ZoneState.EMPTY) == 1
    assert plan.mapping[0].fields == {"temp": "temperature"}


CASES = [
    ("sensor: chiller-rear", "sensor: chiller-front", "points[1].sensor", "stands already at point"),
    ("sensor: chiller-front", "sensor: chiller-frnt", "points[0].sensor", "did you mean `chiller-front`"),
    ("profile: vaccine-2-8", "profile: vaccine-2-9", "zones[2].profile", "did you mean `vaccine-2-8`"),
    ("id: cq-store.freezer\n", "id: cq-store.chiller\n", "zones[1].id", "stands twice"),
    ("id: cq-store.chiller.rear", "id: cq-store.chiller.front", "points[1].id", "stands twice"),
    ("{id: chiller-rear, ", "{id: chiller-front, ", "sensors[1].id", "stands twice"),
    ("- id: truck-1", "- id: cq-store", "assets[1].id", "stands twice"),
    ("asset: cq-store}", "asset: cq-stor}", "gateways[0].asset", "did you mean `cq-store`"),
    ("system_receiver: dispatch", "system_receiver: dispach", "system_receiver", "did you mean `dispatch`"),
    ("env:WHSEC", "hunter2", "webhook.secret", "by reference only"),
    ("env:WHSEC", "env:changeme", "webhook.secret", "placeholder"),
    ("http://127.0.0.1:9100/hook", "ftp://127.0.0.1/hook", "webhook.url", "http or https"),
    ("http://127.0.0.1:9100/hook", "http://u:p@127.0.0.1/hook", "webhook.url", "no user, password"),
    ("http://127.0.0.1:9100/hook", "http://[::1/hook", "webhook.url", "not an address"),
    ("Asia/Shanghai", "Asia/Shangai", "time_zone", "IANA"),
    ("chiller-front, interval: 60s", "chiller-front, interval: 45m", "points[0].sensor", "too seldom"),
    ("interval: 60s", "interval: 60", "sensors[0].interval", "wanted a text"),
    ("interval: 60s", "interval: 0s", "sensors[0].interval", "longer than 0"),
    ("state: empty", "state: emty", "zones[4].state", "did you mean `empty`"),
    ("kind: vehicle", "kind: car", "assets[1].kind", "not one of"),
    ("plate: ", "plaet: ", "assets[1].plaet", "did you mean `plate`"),
    ("{temp: temperature}", "{temp: temperatur}", "fields.temp", "did you mean `temperature`"),
    ("measurement: mqtt_consumer", "measurement: reading", "mapping[0].measurement", "needs no mapping"),
    ("{en: Chiller, zh: 冷藏间}", "{}", "zones[0].name", "needs a text"),
    ("{name: gw, asset: cq-store}", f"{{name: gw, key: {KEY}}}, {{name: g2, key: {KEY}}}", "", ""),
    ("{name: gw, asset: cq-store}", "{name: gw, key: AAAA}", "gateways[0].key", "base64"),
    ("organisation: demo", "organisation: de mo", "organisation", "not an id"),
]


@pytest.mark.parametrize(("old", "new", "key", "message"), CASES)
def test_a_mistake_is_named_with_its_key(old: str, new: str, key: str, message: str) -> None:
    found = mistakes(changed(old, new))
    assert any(key in one.partition(": ")[0] and message in one for one in found), found


def test_all_mistakes_come_at_once() -> None:
    text = changed("sensor: chiller-front", "sensor: x").replace("profile: vaccine-2-8", "profile: y")
    text = text.replace("system_receiver: dispatch", "system_receiver: z")
    assert len(mistakes(text)) == 3


PROFILE = """
profiles:
  - name: odd
    version: 1
    title: {en: Odd}
    citation: none
    rules:
      - {name: high, side: high, threshold: 2, alarm_after: 10m}
      - {name: low, side: low, threshold: 8, alarm_after: 10m}
"""


def test_limits_that_contradict_each_other_are_told() -> None:
    assert mistakes(GOOD + PROFILE) == [
        "profiles[0].rules: limits contradict each other: no temperature is above 8 and below 2"
    ]


def test_a_rule_without_a_delay_has_no_level_and_is_told() -> None:
    text = GOOD + PROFILE.replace("threshold: 8, alarm_after: 10m", "threshold: -8")
    assert any("profiles[0].rules[1]" in one and "neither" in one for one in mistakes(text))


def test_a_profile_of_the_file_goes_before_the_built_in_one() -> None:
    own = PROFILE.replace("name: odd", "name: chilled-food").replace("threshold: 8", "threshold: -8")
    used = parse(GOOD + own).profile("chilled-food")
    assert used is not None
    assert used.title.en == "Odd"


@given(st.text(max_size=300))
def test_any_text_is_a_plan_or_a_told_mistake(text: str) -> None:
    with suppress(ConfigError):
        parse(text)


@given(st.data())
def test_a_good_file_with_a_wound_is_a_plan_or_a_told_mistake(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(start + 30, len(GOOD))))
    wounded = GOOD[:start] + data.draw(st.text(alphabet=" {}[]:-&*!|>'\"\n\tax09冷", max_size=8)) + GOOD[end:]
    with suppress(ConfigError):
        parse(wounded)

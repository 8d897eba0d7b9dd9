"""The body that receivers get, golden, and how sentences say times, sides and long lists."""

from dataclasses import replace

import orjson
import pytest

from coldchain.profiles import Level
from coldchain.words import Language
from coldchain_backend.alerts import (
    Alert,
    AlertKind,
    AlertState,
    Cause,
    End,
    EndKind,
    Subject,
    Transition,
    TransitionKind,
)
from coldchain_backend.alerts.notices import Notice, Told
from support.judged_log import MINUTE, SECOND, T0, plan

CAUSE = Cause(
    id="ex_1",
    kind=AlertKind.EXCURSION,
    subject=Subject(asset="store", zone="z", point="p.s", sensor="s"),
    opened_ms=T0,
    known_ms=T0 + MINUTE,
    level=Level.ALARM,
    reached_ms=T0 + 10 * SECOND,
    rule="high",
    value=9.4,
    limit=8.0,
    peak=11.3,
    peak_ms=T0 + 30 * SECOND,
    out_ms=52 * MINUTE,
)
ALERT = Alert(
    id="al_1",
    cause=CAUSE,
    state=AlertState.FIRING,
    level=Level.ALARM,
    sequence=2,
    revision=1,
    paged=True,
    fired_ms=T0,
)
STEP = Transition(
    alert="al_1",
    sequence=2,
    kind=TransitionKind.FIRED,
    at_ms=T0 + 11 * SECOND,
    event_ms=T0 + 10 * SECOND,
    level=Level.ALARM,
    pages=True,
    value=9.4,
)
PLACE = plan({"s": SECOND}).place_of_point("p.s")


def notice(kind: TransitionKind = TransitionKind.FIRED, **changes: object) -> Notice:
    """A notice of the alert above; changes are of its cause."""
    cause = replace(CAUSE, **changes)  # type: ignore[arg-type]  # names are checked by replace
    step = replace(STEP, kind=kind, by="Li", reason="door closed")
    return Notice(alert=replace(ALERT, cause=cause), step=step, place=PLACE)


def test_the_body_of_a_fire() -> None:
    body = orjson.loads(
        notice().body(Told(event="alert.fired", organisation="demo", link="http://page/alerts/al_1"))
    )
    text = body["data"].pop("text")
    assert body == {
        "type": "alert.fired",
        "timestamp": "2026-11-22T20:00:10.000Z",
        "data": {
            "alert_id": "al_1",
            "sequence": 2,
            "revision": 1,
            "kind": "excursion",
            "class": "alarm",
            "critical": True,
            "state": "firing",
            "level": "alarm",
            "organisation": "demo",
            "asset": "store",
            "asset_name": {"en": "Cold store", "zh": "冷库"},
            "zone": "z",
            "zone_name": {"en": "Chiller", "zh": "冷藏间"},
            "point": "p.s",
            "point_name": {"en": "s", "zh": "s"},
            "sensor": "s",
            "gateway": None,
            "rule": "high",
            "value_c": 9.4,
            "limit_c": 8.0,
            "peak_c": 11.3,
            "peak_at": "2026-11-22T20:00:30.000Z",
            "out_minutes": 52.0,
            "side": "high",
            "data_gap": False,
            "sensors": [],
            "sensor_count": 0,
            "opened_at": "2026-11-22T20:00:00.000Z",
            "ended_at": None,
            "event_time": "2026-11-22T20:00:10.000Z",
            "detected_at": "2026-11-22T20:00:11.000Z",
            "incomplete": False,
            "by": "Li",
            "reason": "door closed",
            "note": None,
            "merged_into": None,
            "zone_time": "Asia/Shanghai",
            "plate": None,
            "contacts": [],
            "degree_minutes": None,
            "last_contact_at": None,
            "position": None,
            "context": {
                "door": None,
                "defrost": None,
                "mains": None,
                "ups_charge": None,
                "siblings": [],
            },
            "instruction": None,
            "told": [],
            "step": 0,
            "link": "http://page/alerts/al_1",
        },
    }
    assert text == {
        "en": "Cold store · Chiller · s: 9.4 °C is out of limits (above 8.0 °C), alarm. "
        "Out for 52 min, peak 11.3 °C.",
        "zh": "冷库 · 冷藏间 · s：9.4 °C 超出限值（高于 8.0 °C），报警。已超限 52 分钟，极值 11.3 °C。",
    }


def test_the_same_notice_is_the_same_bytes() -> None:
    assert notice().body(Told(event="alert.fired", organisation="demo", link="x")) == notice().body(
        Told(event="alert.fired", organisation="demo", link="x")
    )


def test_an_end_over_missing_data_says_so() -> None:
    end = End(kind=EndKind.RESOLVED, event_ms=T0 + MINUTE, value=4.0, incomplete=True)
    told = notice(TransitionKind.RESOLVED, end=end)
    assert "Some data of this time is missing." in told.text().en
    assert "数据缺失" in told.text().zh
    data = orjson.loads(told.body(Told(event="alert.resolved", organisation="demo", link="")))["data"]
    assert (data["incomplete"], data["ended_at"]) == (True, "2026-11-22T20:01:00.000Z")


def test_no_end_ever_says_that_the_goods_are_fine() -> None:
    text = notice(TransitionKind.RESOLVED).text()
    assert "goods: decision pending" in text.en
    assert "待处置决定" in text.zh


def test_below_a_limit_is_said_as_below() -> None:
    text = notice(limit=0.0, peak=-2.0).text()
    assert "(below 0.0 °C)" in text.en
    assert "低于" in text.zh


@pytest.mark.parametrize(
    ("out_ms", "wanted"),
    [(0, "0.0 min"), (15 * SECOND, "0.2 min"), (90 * SECOND, "1.5 min"), (52 * MINUTE, "52 min")],
)
def test_short_times_have_a_decimal_and_long_ones_none(out_ms: int, wanted: str) -> None:
    assert f"Out for {wanted}" in notice(out_ms=out_ms).text().en


def test_times_in_sentences_are_those_of_the_place() -> None:
    silent = notice(kind=TransitionKind.FIRED)
    silence = replace(silent.alert.cause, kind=AlertKind.SILENCE)
    told = replace(silent, alert=replace(silent.alert, cause=silence))
    assert "since 2026-11-23 04:00:00 CST" in told.text().en
    assert "since 2026-11-22 20:00:00 UTC" in replace(told, place=None).text().en


def test_long_lists_are_cut_in_the_text_and_counted_in_the_body() -> None:
    names = tuple(f"sensor-{number:04d}-with-a-long-friendly-name" for number in range(1000))
    cause = replace(CAUSE, kind=AlertKind.GATEWAY_OFFLINE, sensors=names)
    told = replace(notice(), alert=replace(ALERT, cause=cause))
    assert told.text().en.count("sensor-") == 20
    assert "…" in told.text().en
    body = told.body(Told(event="alert.fired", organisation="demo", link=""))
    assert len(body) < 20_000
    assert orjson.loads(body)["data"]["sensor_count"] == 1000


def test_a_place_that_left_the_fleet_is_named_by_its_id() -> None:
    gone = replace(notice(), place=None)
    assert gone.text().en.startswith("p.s: ")
    data = orjson.loads(gone.body(Told(event="alert.closed", organisation="demo", link="")))["data"]
    assert (data["point"], data["point_name"], data["asset_name"]) == ("p.s", None, None)


@pytest.mark.parametrize("language", list(Language))
def test_braces_in_what_people_wrote_are_text(language: Language) -> None:
    told = notice(TransitionKind.ACKNOWLEDGED)
    odd = replace(told, step=replace(told.step, by="{value}", reason="{0} {limit}"))
    assert "{value}" in odd.text().in_(language)
    assert "{0} {limit}" in odd.text().in_(language)

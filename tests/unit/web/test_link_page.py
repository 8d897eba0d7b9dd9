"""What the page behind a link says: of one alert, and of a group whatever its alerts are about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coldchain.profiles import Level
from coldchain.words import Language
from coldchain_backend.alerts import Alert, AlertKind, AlertState, Subject
from coldchain_backend.alerts.states import Acknowledgement
from coldchain_backend.fleet import Fleet
from coldchain_backend.fleetfile import parse
from coldchain_backend.web.console.link_page import LinkTeller, ShownLink
from coldchain_backend.web.console.wording import Wording
from support.alerts import NOW_MS, alert_of
from support.fleets import FLEET_FILE, version

TEXT = FLEET_FILE.read_text("utf-8").replace(
    "    offline_after: 60m\n", '    offline_after: 60m\n    contacts: ["+86 23 1111 1111"]\n'
)
STORE = Subject(asset="cq-store", point="cq-store.chiller.front")
TRUCK = Subject(asset="truck-1", point="truck-1.box.front")
BOTH = "重庆冷库 · 配送车 渝A·00000"


def fleet(text: str = TEXT) -> Fleet:
    return Fleet.empty("demo").with_version(version(parse(text), 1, 0))


def alarm(subject: Subject, name: str, level: Level = Level.ALARM) -> Alert:
    one = alert_of(AlertKind.EXCURSION, AlertState.FIRING)
    return replace(one, id=name, level=level, cause=replace(one.cause, subject=subject))


def group(*alerts: Alert, text: str = TEXT, language: Language = Language.ZH) -> ShownLink:
    wording = Wording(language=language, now_ms=NOW_MS)
    return LinkTeller(wording=wording, fleet=fleet(text), called=str).show_group(alerts, ())


def test_a_group_over_several_assets_names_each_with_its_phone() -> None:
    shown = group(alarm(STORE, "al_1"), alarm(TRUCK, "al_2"), alarm(STORE, "al_3"))
    assert shown.where == BOTH
    assert shown.contacts == ("+86 23 0000 0000", "+86 23 1111 1111")
    assert shown.times == "时区：Asia/Shanghai"
    assert ["冷藏间" in one.label for one in shown.members] == [True, False, True]


def test_a_group_of_one_asset_names_it_once() -> None:
    shown = group(alarm(STORE, "al_1"), alarm(STORE, "al_2"))
    assert (shown.where, shown.contacts) == ("重庆冷库", ("+86 23 0000 0000",))


def test_times_of_several_zones_are_told_with_their_zone() -> None:
    before, _, after = TEXT.rpartition("time_zone: Asia/Shanghai")
    taken = Acknowledgement(by="li", at_ms=NOW_MS, reason="seen")
    alerts = [replace(alarm(one, one.asset or ""), acknowledged=taken) for one in (STORE, TRUCK)]
    shown = group(*alerts, text=f"{before}time_zone: Europe/Berlin{after}", language=Language.EN)
    assert shown.times == "Times: Asia/Shanghai, Europe/Berlin"
    assert [one.value.endswith(f"({zone})") for one, zone in zip(
        shown.members, ("Asia/Shanghai", "Europe/Berlin"), strict=True)] == [True, True]  # fmt: skip


@pytest.mark.parametrize("first", [Level.WARNING, Level.ALARM])
def test_a_group_shows_the_worst_that_waits(first: Level) -> None:
    other = Level.ALARM if first is Level.WARNING else Level.WARNING
    shown = group(alarm(STORE, "al_1", first), alarm(TRUCK, "al_2", other))
    assert shown.level == "alarm"
    over = alert_of(AlertKind.EXCURSION, AlertState.RESOLVED)
    assert group(over, alarm(TRUCK, "al_2", Level.WARNING)).level == "warning", (
        "what is over waits for nobody"
    )


def test_an_alert_of_a_gateway_says_where_it_stands_and_whom_to_call() -> None:
    one = alert_of(AlertKind.GATEWAY_OFFLINE, AlertState.FIRING)
    one = replace(one, cause=replace(one.cause, subject=Subject(gateway="gw")))
    wording = Wording(language=Language.ZH, now_ms=NOW_MS)
    shown = LinkTeller(wording=wording, fleet=fleet(), called=str).show(one, ())
    assert (shown.where, shown.contacts) == ("重庆冷库", ("+86 23 0000 0000",))


def test_an_alert_of_no_asset_says_no_place() -> None:
    shown = group(alert_of(AlertKind.SYSTEM, AlertState.FIRING), alarm(Subject(point="gone"), "al_2"))
    assert (shown.where, shown.contacts) == ("", ())

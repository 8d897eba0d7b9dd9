"""What is muted, said in both languages: whose alerts, until when, by whom and why."""

from __future__ import annotations

import pytest

from coldchain.profiles import Level
from coldchain.words import Language
from coldchain_backend.alerts import Mute, MuteKind, Scope
from coldchain_backend.fleet import Fleet, Schedule, ScheduledTime, ZoneState
from coldchain_backend.fleetfile import parse_file
from coldchain_backend.web.console.muted_page import ShownMute, show_mutes
from coldchain_backend.web.console.wording import Wording
from support.fleets import FLEET_FILE, version

NOW = 1_795_376_523_000
HOUR = 3_600_000
FLEET = Fleet.empty("demo").with_version(version(parse_file(FLEET_FILE), 1, 0))
POINT = "cq-store.chiller.front"


def mute(kind: MuteKind, scope: Scope, *, id: str = "mu_1", to_ms: int | None = NOW + HOUR) -> Mute:
    return Mute(
        id=id, kind=kind, scope=scope, by="wang.li", reason="除霜", from_ms=NOW - HOUR, to_ms=to_ms,
        level=Level.ALARM if kind is MuteKind.SHELVED else None,
    )  # fmt: skip


def shown(one: Mute, language: Language = Language.EN) -> ShownMute:
    found = show_mutes([one], FLEET, Wording(language=language, now_ms=NOW), lambda id: f"<{id}>")
    return found[one.kind.value][0]


@pytest.mark.parametrize(
    ("scope", "what"),
    [
        (Scope(source=f"excursion\nhigh\n{POINT}"), "Chiller · Front: Out of limits"),
        (Scope(source="silence\n\nnowhere"), "nowhere: No data"),
        (Scope(alert="al_1"), "al_1"),
        (Scope(asset="truck-1"), "Delivery truck"),
        (Scope(zone="cq-store.chiller", sensor="chiller-front"), "Chiller · chiller-front"),
    ],
)
def test_whose_alerts_are_meant(scope: Scope, what: str) -> None:
    assert shown(mute(MuteKind.SHELVED, scope)).what == what


def test_it_says_by_whom_why_and_until_when_in_the_places_time() -> None:
    one = shown(mute(MuteKind.OUT_OF_SERVICE, Scope(zone="cq-store.chiller")))
    assert (one.by, one.reason, one.holds) == ("<wang.li>", "除霜", True)
    assert one.until == "2026-11-23 04:42:03"
    assert one.ends == "/muted/mu_1/end"


def test_a_shelving_is_ended_at_its_alert() -> None:
    assert shown(mute(MuteKind.SHELVED, Scope(alert="al_1"))).ends is None


@pytest.mark.parametrize(("language", "said"), [(Language.EN, "further notice"), (Language.ZH, "另行通知")])
def test_what_has_no_end_says_so(language: Language, said: str) -> None:
    assert shown(mute(MuteKind.OUT_OF_SERVICE, Scope(asset="truck-1"), to_ms=None), language).until == said


def test_a_window_that_comes_again_names_its_zone_of_time() -> None:
    times = (ScheduledTime(days=(0, 1), from_minute=0, to_minute=60),)
    window = Mute(
        id="mu_2", kind=MuteKind.WINDOW, scope=Scope(zone="cq-store.chiller"), by="x", reason="y",
        from_ms=NOW, schedule=Schedule(times=times, otherwise=ZoneState.EMPTY), time_zone="Europe/Berlin",
    )  # fmt: skip
    one = shown(window)
    assert "Europe/Berlin" in one.until
    assert not one.holds


def test_what_ends_first_stands_first() -> None:
    ends = [("mu_a", None), ("mu_b", NOW + 2 * HOUR), ("mu_c", NOW + HOUR)]
    mutes = [mute(MuteKind.WINDOW, Scope(asset="truck-1"), id=id, to_ms=to_ms) for id, to_ms in ends]
    found = show_mutes(mutes, FLEET, Wording(language=Language.EN, now_ms=NOW), str)
    assert [one.id for one in found["window"]] == ["mu_c", "mu_b", "mu_a"]
    assert found["shelved"] == []

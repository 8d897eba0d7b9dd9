"""Every kind of alert in every state, said to people in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.profiles import Level
from coldchain.words import Language
from coldchain_backend.alerts import (
    Alert,
    AlertKind,
    AlertState,
    Context,
    Muted,
    MuteKind,
    Position,
    Sibling,
    Subject,
    Transition,
    TransitionKind,
)
from coldchain_backend.fleet import Fleet
from coldchain_backend.fleetfile import parse, parse_file
from coldchain_backend.judging import AlertStory, AttemptView, DeliveryView
from coldchain_backend.web.console.alert_page import Teller
from coldchain_backend.web.console.wording import Wording
from support.alerts import NOW_MS, alert_of
from support.fleets import FLEET_FILE, version

FLEET = Fleet.empty("demo").with_version(version(parse_file(FLEET_FILE), 1, 0))


def teller(language: Language, *, may: bool = True, fleet: Fleet = FLEET) -> Teller:
    return Teller(wording=Wording(language=language, now_ms=NOW_MS), fleet=fleet, may_acknowledge=may)


def story(alert: Alert, *kinds: TransitionKind, deliveries: tuple[DeliveryView, ...] = ()) -> AlertStory:
    steps = tuple(
        Transition(
            alert=alert.id, sequence=number, kind=kind, at_ms=NOW_MS - 5000 + number, event_ms=NOW_MS - 9000,
            level=alert.level, value=6.5, by="陈静", reason="door closed", note="held",
        )
        for number, kind in enumerate(kinds, start=1)
    )  # fmt: skip
    return AlertStory(alert=alert, steps=steps, deliveries=deliveries, local_alarms=())


def told(state: str, *, delivered_ms: int | None = None, error: str | None = None) -> DeliveryView:
    return DeliveryView(
        id="d", sequence=1, receiver="dispatch", state=state, attempts=3, last_error=error, created_ms=NOW_MS,
        due_ms=NOW_MS, delivered_ms=delivered_ms,
    )  # fmt: skip


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("state", list(AlertState))
@pytest.mark.parametrize("kind", list(AlertKind))
def test_every_alert_is_said(kind: AlertKind, state: AlertState, language: Language) -> None:
    alert = alert_of(kind, state)
    brief = teller(language).brief(alert)
    whole = teller(language).whole(story(alert, *TransitionKind))
    assert brief.title
    assert brief.sentence
    assert brief.title == whole.title
    assert len(whole.steps) == len(TransitionKind)
    assert all(step.text and step.when for step in whole.steps)
    assert all(fact.label and fact.value for fact in whole.facts)
    assert brief.open == state.open
    assert brief.can_acknowledge == (state.listed and state is not AlertState.ACKNOWLEDGED)
    assert not teller(language, may=False).brief(alert).can_acknowledge


def test_an_excursion_names_what_counts() -> None:
    whole = teller(Language.EN).whole(
        story(alert_of(AlertKind.EXCURSION, AlertState.RESOLVED), TransitionKind.FIRED)
    )
    facts = {fact.label: fact.value for fact in whole.facts}
    assert whole.title == "Chiller · Front: too warm"
    assert (facts["Peak"], facts["Limit"], facts["Time out of limits"]) == ("11.3 °C", "8 °C", "52 min")
    assert facts["Contacts"] == "+86 23 0000 0000"
    assert [fact.link for fact in whole.facts if fact.link] == ["/zones/cq-store.chiller"]
    assert whole.notes[1:] == (
        "Incomplete: readings of this time are still missing.",
        "There was unknown time within.",
        "Corrected by late data (2 times)",
    )


def test_the_end_never_says_that_the_goods_are_fine() -> None:
    alert = alert_of(AlertKind.EXCURSION, AlertState.RESOLVED)
    for language, word in ((Language.EN, "decision pending"), (Language.ZH, "待处置")):
        whole = teller(language).whole(story(alert, TransitionKind.RESOLVED))
        assert word in whole.sentence
        assert word in whole.steps[-1].text


def test_titles_by_kind() -> None:
    said = {kind: teller(Language.EN).brief(alert_of(kind, AlertState.FIRING)).title for kind in AlertKind}
    assert said == {
        AlertKind.EXCURSION: "Chiller · Front: too warm",
        AlertKind.SILENCE: "Chiller · Front: no data",
        AlertKind.GATEWAY_OFFLINE: "gw: gateway not heard",
        AlertKind.BATTERY: "Chiller · Front: battery low",
        AlertKind.DOOR: "Chiller · Front: door open",
        AlertKind.MAINS: "supply: power cut",
        AlertKind.CLOCK: "gw: clock wrong or untrusted",
        AlertKind.CALIBRATION: "Chiller · Front: calibration due",
        AlertKind.FLAT_LINE: "Chiller · Front: sensor may be stuck",
        AlertKind.FLOOD: "Flood of alarms",
        AlertKind.UNSTABLE: "Chiller · Front: unstable",
        AlertKind.DRIFT: "Chiller · Front: sensor drifts from its neighbours",
        AlertKind.SYSTEM: "System: the disk is full",
    }


def test_tellings_stand_behind_their_step() -> None:
    deliveries = (
        told("delivered", delivered_ms=NOW_MS),
        told("failed", error="410 gone"),
        told("waiting", error="connection refused"),
    )
    steps = (
        teller(Language.EN)
        .whole(
            story(
                alert_of(AlertKind.EXCURSION, AlertState.FIRING),
                TransitionKind.FIRED,
                deliveries=deliveries,
            )
        )
        .steps
    )
    assert [(step.kind, step.text, step.detail) for step in steps] == [
        ("fired", "Alert raised as Alarm", None),
        ("delivery", "Told to dispatch", None),
        ("delivery", "Could not be told to dispatch", "410 gone"),
        ("delivery", "Telling dispatch: attempt 3", "connection refused"),
    ]


def test_an_alert_whose_point_is_gone_is_said_by_its_ids_in_utc() -> None:
    lost = teller(Language.EN, fleet=Fleet.empty("demo"))
    alert = alert_of(AlertKind.EXCURSION, AlertState.FIRING)
    assert lost.brief(alert).title == "chiller-front: limit high broken"
    assert lost.zone_of_time(alert) == "UTC"
    assert lost.limits(alert) == (None, None)


@given(st.sampled_from(list(AlertKind)), st.sampled_from(list(AlertState)), st.sampled_from(list(Level)))
def test_a_missing_number_is_not_made_up(kind: AlertKind, state: AlertState, level: Level) -> None:
    alert = alert_of(kind, state, level)
    bare = replace(alert, cause=replace(alert.cause, peak=None, limit=None, value=None))
    labels = {fact.label for fact in teller(Language.EN).whole(story(bare)).facts}
    assert labels.isdisjoint({"Peak", "Limit"})


def test_an_alert_of_a_gateway_is_told_in_the_time_of_its_asset() -> None:
    """One of no asset: in the zone that all assets share, else in UTC by name."""
    text = FLEET_FILE.read_text("utf-8")
    before, _, after = text.rpartition("time_zone: Asia/Shanghai")
    two = parse(before + "time_zone: Europe/Berlin" + after)
    mixed = Fleet.empty("demo").with_version(version(two, 1, 0))
    alert = alert_of(AlertKind.SYSTEM, AlertState.FIRING)
    owned = replace(alert, cause=replace(alert.cause, subject=Subject(gateway="gw")))
    assert teller(Language.EN).brief(owned).since == "02:42"
    assert teller(Language.EN).brief(alert).since == "02:42"
    assert teller(Language.EN, fleet=mixed).brief(alert).since == "18:42 UTC"


def test_every_attempt_of_a_telling_and_the_next_one_are_told() -> None:
    waiting = replace(told("queued", error="HTTP 503"), attempts=2, due_ms=NOW_MS + 30_000)
    attempts = (
        AttemptView(delivery="d", number=1, at_ms=NOW_MS, outcome="retry", detail="no route"),
        AttemptView(delivery="d", number=2, at_ms=NOW_MS + 5_000, outcome="retry", detail=""),
        AttemptView(delivery="other", number=1, at_ms=NOW_MS, outcome="delivered", detail="HTTP 200"),
    )
    one = story(alert_of(AlertKind.EXCURSION, AlertState.FIRING), TransitionKind.FIRED, deliveries=(waiting,))
    step = teller(Language.EN).whole(replace(one, attempts=attempts)).steps[1]
    assert step.more == (
        "Attempt 1, 2026-11-23 03:42:03: no route",
        "Attempt 2, 2026-11-23 03:42:08: retry",
        "next attempt at 2026-11-23 03:42:33",
    )
    assert (step.fate, step.detail) == ("queued", "HTTP 503")


@pytest.mark.parametrize("language", list(Language))
def test_what_was_known_around_it_is_said(language: Language) -> None:
    context = Context(
        door_open=True, defrost=False, mains=True, ups_charge=88.4, last_contact_ms=NOW_MS,
        degree_minutes=45.2,
        position=Position(latitude=29.563010, longitude=106.551556, at_ms=NOW_MS),
        siblings=(Sibling(point="cq-store.chiller.rear", value=4.25, at_ms=NOW_MS, out=False),),
    )  # fmt: skip
    alert = replace(alert_of(AlertKind.EXCURSION, AlertState.FIRING), context=context)
    facts = {fact.value: fact for fact in teller(language).whole(story(alert)).around}
    wanted = {"45 °C·min", "88 %", "4.2 °C", "29.56301,106.55156"}
    assert wanted <= set(facts)
    assert facts["29.56301,106.55156"].link == "geo:29.56301,106.55156"
    assert len(facts) == 8


def test_what_can_be_done_follows_role_and_state() -> None:
    firing = alert_of(AlertKind.EXCURSION, AlertState.FIRING)
    over = alert_of(AlertKind.EXCURSION, AlertState.RESOLVED)
    shelved = replace(
        firing, muted=Muted(kind=MuteKind.SHELVED, source="mu_1", by="x", reason="y", until_ms=NOW_MS)
    )
    quality = replace(teller(Language.EN), may_decide=True)
    assert teller(Language.EN, may=False).brief(firing).acts == set()
    assert teller(Language.EN).brief(firing).acts == {"comment", "shelve"}
    assert teller(Language.EN).brief(shelved).acts == {"comment", "unshelve"}
    assert teller(Language.EN).brief(over).acts == {"comment"}
    assert quality.brief(over).acts == {"comment", "dispose"}
    assert quality.brief(firing).acts == {"comment", "shelve"}
    assert teller(Language.EN).brief(shelved).muted == "Shelved until 2026-11-23 03:42:03, by x: y"


def test_people_are_called_by_their_names() -> None:
    taken = alert_of(AlertKind.EXCURSION, AlertState.ACKNOWLEDGED)
    named = replace(teller(Language.EN), called=lambda id: f"Ms {id}")
    whole = named.whole(story(taken, TransitionKind.ACKNOWLEDGED))
    assert "Ms 陈静" in (whole.acknowledged_text or "")
    assert "Ms 陈静" in whole.steps[0].text

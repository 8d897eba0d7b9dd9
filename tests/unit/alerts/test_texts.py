"""Every step of every kind of alert has a sentence in both languages, with the same blanks to fill."""

import re
from dataclasses import replace

import orjson
import pytest

from coldchain.profiles import Level
from coldchain.words import Language, Text
from coldchain_backend.alerts import (
    AlertKind,
    AlertState,
    Cause,
    End,
    EndKind,
    Subject,
    Transition,
    TransitionKind,
)
from coldchain_backend.alerts.documents import iso
from coldchain_backend.alerts.notices import Notice, Told
from coldchain_backend.alerts.said import PHRASES, names_for, said_of
from coldchain_backend.alerts.states import Alert
from coldchain_backend.fleet import Fleet, FleetVersion
from coldchain_backend.fleetfile import parse_file
from support.fleets import FLEET_FILE

BLANK = re.compile(r"\{(\w+)\}")


def test_both_languages_say_the_same_things() -> None:
    english, chinese = PHRASES[Language.EN], PHRASES[Language.ZH]
    assert english.keys() == chinese.keys()
    for part in english:
        assert english[part].keys() == chinese[part].keys()
        for key, sentence in english[part].items():
            assert set(BLANK.findall(sentence)) == set(BLANK.findall(chinese[part][key])), (part, key)


@pytest.mark.parametrize("kind", list(AlertKind))
@pytest.mark.parametrize("step", list(TransitionKind))
def test_every_step_of_every_kind_can_be_told(kind: AlertKind, step: TransitionKind) -> None:
    cause = Cause(
        id="c", kind=kind, subject=Subject(asset="a", point="p", sensor="s", gateway="g"), opened_ms=1,
        known_ms=1, level=Level.ALARM, rule="high", value=9.4, limit=8.0, peak=11.3, peak_ms=1,
        out_ms=52 * 60_000, sensors=tuple(f"s{n}" for n in range(30)), detail="the disk is full",
        end=End(kind=EndKind.RESOLVED, event_ms=2, incomplete=True),
    )  # fmt: skip
    alert = Alert(
        id="al_1", cause=cause, state=AlertState.FIRING, level=Level.ALARM, sequence=1, revision=1,
        paged=True, fired_ms=1,
    )  # fmt: skip
    taken = Transition(alert="al_1", sequence=1, kind=step, at_ms=1, event_ms=1, level=Level.ALARM, value=9.4)
    notice = Notice(alert=alert, step=taken, place=None)
    text = notice.text()
    assert text.en
    assert text.zh
    assert "{" not in text.en + text.zh
    body = notice.body(Told(event=f"alert.{step.value}", organisation="demo", link="http://page/alerts/al_1"))
    assert len(body) < 20_000
    data = orjson.loads(body)["data"]
    assert (data["alert_id"], data["out_minutes"], data["incomplete"]) == ("al_1", 52.0, True)


@pytest.mark.parametrize("kind", [one for one in AlertKind if one is not AlertKind.EXCURSION])
@pytest.mark.parametrize("step", list(TransitionKind))
def test_what_was_not_measured_is_told_by_what_it_is_and_not_by_a_value(
    kind: AlertKind, step: TransitionKind
) -> None:
    """Whoever is called later hears what it is about, also of the product itself, which has no place."""
    cause = Cause(id="c", kind=kind, subject=Subject(sensor="s", gateway="g"), opened_ms=1, known_ms=1,
                  level=Level.ALARM, detail="the disk is full")  # fmt: skip
    alert = Alert(
        id="al_1", cause=cause, state=AlertState.FIRING, level=Level.ALARM, sequence=1, revision=1,
        paged=True, fired_ms=1,
    )  # fmt: skip
    taken = Transition(
        alert="al_1",
        sequence=1,
        kind=step,
        at_ms=1,
        event_ms=1,
        level=Level.ALARM,
        by="li",
        reason="r",
        note="n",
    )
    fired = Notice(alert=alert, step=replace(taken, kind=TransitionKind.FIRED), place=None).text()
    text = Notice(alert=alert, step=taken, place=None).text()
    assert "–" not in text.en + text.zh or step is TransitionKind.SHELVED, "no empty value"
    if step.value in PHRASES[Language.EN]["other"]:
        assert text.en.startswith(fired.en)
        assert text.zh.startswith(fired.zh)


def test_times_are_iso_8601_with_milliseconds() -> None:
    assert iso(1_795_377_600_007) == "2026-11-22T20:00:00.007Z"


def test_a_flood_names_its_assets_and_not_their_ids() -> None:
    cause = Cause(
        id="c", kind=AlertKind.FLOOD, subject=Subject(), opened_ms=1, known_ms=1, level=Level.ALARM, count=15,
        detail="hall-a (10), gone (5)",
    )  # fmt: skip
    alert = Alert(
        id="al_1", cause=cause, state=AlertState.FIRING, level=Level.ALARM, sequence=1, revision=1,
        paged=True, fired_ms=1,
    )  # fmt: skip
    fired = Transition(
        alert="al_1", sequence=1, kind=TransitionKind.FIRED, at_ms=1, event_ms=1, level=Level.ALARM
    )
    names = {"hall-a": Text(en="Hall A (north)", zh="A 厅")}
    text = Notice(alert=alert, step=fired, place=None, assets=names).text()
    assert "Hall A (north) (10), gone (5)" in text.en
    assert "A 厅 (10), gone (5)" in text.zh


@pytest.mark.parametrize(
    ("detail", "zh"),
    [
        (
            "the backend hears nothing: gateways fell silent together (2/5: hall-a, gone +3)",
            "(2/5: A 厅, gone +3)",
        ),
        ("the disk is full; nothing more is acknowledged (hall-a)", "(hall-a)"),
        ("alerts cannot be delivered (receiver hall-a)", "(receiver hall-a)"),
    ],
)
def test_the_product_speaks_of_itself_in_one_language_and_names_only_what_was_counted(
    detail: str, zh: str
) -> None:
    names = {"hall-a": Text(en="Hall A", zh="A 厅")}
    cause = Cause(
        id="c",
        kind=AlertKind.SYSTEM,
        subject=Subject(),
        opened_ms=1,
        known_ms=1,
        level=Level.ALARM,
        detail=detail,
    )
    said = said_of(cause, Language.ZH, names)
    assert said.endswith(zh)
    assert not said.startswith("the ")
    assert said_of(cause, Language.EN, {}) == detail


def test_only_floods_and_the_product_itself_speak_of_assets_by_id() -> None:
    plan = parse_file(FLEET_FILE)
    version = FleetVersion(number=1, from_ms=0, digest="", plan=plan, text="", by="admin")
    fleet = Fleet(versions=(version,))
    speaking = set()
    for kind in AlertKind:
        cause = Cause(id="c", kind=kind, subject=Subject(), opened_ms=1, known_ms=1, level=Level.ALARM)
        names = names_for(cause, fleet)
        assert not names or names.keys() == {one.id for one in plan.assets}
        speaking |= {kind} if names else set()
    assert speaking == {AlertKind.FLOOD, AlertKind.SYSTEM}

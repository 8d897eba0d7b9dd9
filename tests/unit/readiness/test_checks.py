"""What a zone lacks before it may be in use, and the sheet that says so in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from coldchain.readings import Grade
from coldchain.words import Language, Text
from coldchain_backend.access import Person
from coldchain_backend.alerts.recipients import recipients_of
from coldchain_backend.fleet import (
    Certificate,
    Plan,
    Receiver,
    Sensor,
    TestKind,
    ZoneState,
    ZoneTest,
    zone_test_of,
)
from coldchain_backend.readiness import Asked, Lack, Seen, html_sheet, missing, said, text_sheet
from coldchain_backend.readiness.checks import receivers_of
from coldchain_backend.readiness.sheet import words_of
from support.routed import routed
from support.staff import Staff

PROFILE = "vaccine-2-8"
NOW = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1000)
VALID = Certificate(number="CQ-1", date="2026-03-01", due="2027-03-01")
ROUTES = """- name: vaccines
  match: {zones: [store.vaccine]}
  notify: [quality]
  on_call: [{schedule: days, notify: [day]}, {schedule: nights, notify: [night]}]
  escalation: standard
- {name: rest, notify: [dispatch]}
"""
PEOPLE = tuple(
    Person(id=name, name=Text(en=name.title(), zh=f"{name}员")) for name in ("li", "wang", "chen", "zhao")
)
TESTS = tuple(
    ZoneTest(
        zone="store.vaccine", kind=kind, number=number, at_ms=NOW - 60_000, by="王伟", reason="told in 20 s"
    )
    for number, kind in enumerate(TestKind, start=1)
)


def with_persons(receiver: Receiver) -> Receiver:
    persons = {
        "quality": ("li", "wang", "chen"),
        "day": ("li", "wang"),
        "night": ("chen",),
        "manager": ("zhao",),
    }
    return replace(receiver, persons=persons.get(receiver.name, ()))


def plan() -> Plan:
    """Medicine, which demands that three persons are told at every hour."""
    made = routed(ROUTES)
    demanding = replace(next(one for one in made.profiles if one.name == PROFILE), recipients=3)
    return replace(
        made,
        profiles=tuple(demanding if one.name == PROFILE else one for one in made.profiles),
        receivers=tuple(with_persons(one) for one in made.receivers),
        sensors=tuple(replace(one, certificate=VALID) for one in made.sensors),
    )


def asked(fleet: Plan | None = None, zone: str = "store.vaccine", **changes: object) -> Asked:
    """A zone of which nothing is missing, but for what is changed."""
    fleet = fleet or plan()
    found = fleet.zone(zone)
    assert found is not None
    whole = Asked(
        plan=fleet, asset=found[0], zone=found[1], now_ms=NOW,
        seen={"a": Seen(at_ms=NOW - 5000, gateway="gw")}, keys={"gw": "0a29" * 16},
        people=Staff(*PEOPLE), tests=TESTS,
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]  # names are checked by replace


def lacks(one: Asked) -> list[tuple[Lack, str]]:
    return [(found.lack, found.subject) for found in missing(one)]


def changed_sensor(**changes: object) -> Plan:
    fleet = plan()
    sensors = [replace(one, **changes) if one.id == "a" else one for one in fleet.sensors]  # type: ignore[arg-type]  # likewise
    return replace(fleet, sensors=tuple(sensors))


def test_a_zone_that_lacks_nothing_is_ready() -> None:
    assert missing(asked()) == ()


@pytest.mark.parametrize(
    ("found", "lack", "subject"),
    [
        (asked(seen={}), Lack.NEVER_SEEN, "store.vaccine.a"),
        (asked(seen={"a": Seen(gateway="gw")}), Lack.NEVER_SEEN, "store.vaccine.a"),
        (asked(changed_sensor(certificate=None)), Lack.NO_CERTIFICATE, "a"),
        (asked(changed_sensor(certificate=replace(VALID, due="2026-11-24"))), Lack.CERTIFICATE_EXPIRED, "a"),
        (asked(changed_sensor(grade=Grade.TEMPLATE_UNVERIFIED)), Lack.TEMPLATE_UNVERIFIED, "a"),
        (asked(keys={}), Lack.GATEWAY_WITHOUT_KEY, "gw"),
        (asked(seen={"a": Seen(at_ms=NOW - 5000, gateway="machine")}), Lack.UNSEALED, "store.vaccine"),
        (asked(keys={"gw": None}), Lack.GATEWAY_WITHOUT_KEY, "gw"),
        (asked(people=Staff(*PEOPLE[:2])), Lack.TOO_FEW_PERSONS, "store.vaccine"),
        (asked(tests=TESTS[:1]), Lack.NO_POWER_CUT, "store.vaccine"),
        (asked(tests=TESTS[1:]), Lack.NO_TEST_ALARM, "store.vaccine"),
    ],
)
def test_each_thing_that_is_missing_is_named(found: Asked, lack: Lack, subject: str) -> None:
    assert (lack, subject) in lacks(found)


def test_a_followed_store_is_named_as_it_is_in_the_settings_and_by_no_other_lack() -> None:
    [found] = missing(asked(seen={"a": Seen(at_ms=NOW - 5000, gateway="follow:site")}))
    assert (found.lack, found.subject, found.detail) == (Lack.FOREIGN_STORE, "store.vaccine", "site")
    assert "foreign store site" in said(found, Language.EN)[0]


def test_points_without_sensors_and_zones_without_points_are_named() -> None:
    whole = asked()
    bare = replace(whole.zone, points=tuple(replace(one, sensor=None) for one in whole.zone.points))
    assert lacks(replace(whole, zone=bare)) == [(Lack.UNASSIGNED, "store.vaccine.a")]
    assert lacks(replace(whole, zone=replace(whole.zone, points=()))) == [(Lack.NO_POINT, "store.vaccine")]


def test_three_persons_are_counted_by_person_and_only_for_medicine() -> None:
    """One person behind two receivers is one; somebody disabled is none; food needs no three."""
    fleet = plan()
    same = [replace(one, persons=("li",)) if one.persons else one for one in fleet.receivers]
    found = [
        one
        for one in missing(asked(replace(fleet, receivers=tuple(same))))
        if one.lack is Lack.TOO_FEW_PERSONS
    ]
    assert [one.detail for one in found] == ["1/3 (li), at all hours"]
    disabled = (replace(PEOPLE[0], disabled=True), replace(PEOPLE[1], disabled=True), *PEOPLE[2:])
    assert (Lack.TOO_FEW_PERSONS, "store.vaccine") in lacks(asked(people=Staff(*disabled)))
    freezer = asked(zone="store.freezer", people=Staff(), seen={"b": Seen(at_ms=1, gateway="gw")})
    assert lacks(freezer) == []


def test_too_few_at_one_hour_are_too_few_and_who_is_named_in_vain_is_told() -> None:
    """Those of an escalation come later, and those of the day are off at night: they do not count."""
    fleet = plan()
    few = [
        replace(one, persons=("li", "chen") if one.name == "quality" else one.persons)
        for one in fleet.receivers
    ]
    disabled = Staff(PEOPLE[0], PEOPLE[1], replace(PEOPLE[2], disabled=True))
    found = missing(asked(replace(fleet, receivers=tuple(few)), people=disabled))
    assert [(one.lack, one.subject) for one in found if one.lack is not Lack.RECEIVER_WITHOUT_PERSON] == [
        (Lack.TOO_FEW_PERSONS, "store.vaccine"), (Lack.PERSON_DISABLED, "chen"),
    ]  # fmt: skip
    [detail] = [one.detail for one in found if one.lack is Lack.TOO_FEW_PERSONS]
    assert detail == "1/3 (li), at all hours"
    spoken = {language: [said(one, language)[0] for one in found] for language in Language}
    assert "person chen, named by receiver quality, is disabled" in spoken[Language.EN]
    assert "接收方 quality 所列人员 chen 已停用" in spoken[Language.ZH]


def test_ready_and_apply_count_by_one_rule() -> None:
    """What stands against putting a zone in use is what `ready` says."""
    for staff in (Staff(*PEOPLE), Staff(*PEOPLE[:2]), Staff()):
        one = asked(people=staff)
        refused = not recipients_of(one.plan, one.asset, one.zone, staff, NOW).enough
        assert ((Lack.TOO_FEW_PERSONS, "store.vaccine") in lacks(one)) is refused


def test_hours_and_receivers_without_anybody_are_named() -> None:
    gap = routed("- {name: v, match: {zones: [store.vaccine]}, on_call: [{schedule: days, notify: [day]}]}\n")
    found = [one for one in missing(asked(gap)) if one.lack is Lack.NOBODY_ON_CALL]
    assert len(found) == 1
    assert "Fri 20:00" in found[0].detail
    assert (Lack.RECEIVER_WITHOUT_PERSON, "night") in lacks(
        asked(people=Staff(PEOPLE[0], PEOPLE[1], PEOPLE[3]))
    )
    nobody = replace(plan(), receivers=(), routes=(), default_route=None, system_receiver=None)
    assert (Lack.NOBODY_TOLD, "store.vaccine") in lacks(asked(nobody))


def test_whoever_an_escalation_calls_is_among_those_who_hear() -> None:
    assert set(receivers_of(asked())) == {"day", "night", "quality", "manager"}


@pytest.mark.parametrize("language", list(Language))
def test_every_lack_has_its_words_and_what_mends_it(language: Language) -> None:
    words = words_of(language)
    assert words["lack"].keys() == words["mend"].keys() == {one.value for one in Lack}
    assert words["sheet"].keys() == words_of(Language.EN)["sheet"].keys()
    for one in missing(asked(seen={}, keys={}, people=Staff(), tests=())):
        assert all("{" not in text and text for text in said(one, language))


@pytest.mark.parametrize("language", list(Language))
def test_the_sheet_is_dated_and_shows_key_fingerprints_tests_and_what_is_missing(language: Language) -> None:
    one = asked(tests=TESTS[:1])
    text, page = text_sheet(one, language), html_sheet(one, language)
    for part in (
        "2026-11-24 08:00 CST",
        "0a29" * 16,
        "CQ-1, 2027-03-01",
        "王伟",
        "told in 20 s",
        "vaccine-2-8 v",
    ):
        assert part in text
        assert part in page
    assert said(missing(one)[0], language)[0] in text
    assert f'lang="{language.value}"' in page


def test_what_people_wrote_cannot_break_the_page() -> None:
    evil = replace(TESTS[0], reason="<script>alert(1)</script>")
    page = html_sheet(asked(tests=(evil,)), Language.EN)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_only_sensible_acts_are_tests() -> None:
    act = {"zone": "z", "test": "power_cut", "by": "admin", "person": "Li", "reason": "r"}
    assert zone_test_of(act, 7, NOW) == ZoneTest(
        zone="z", kind=TestKind.POWER_CUT, number=7, at_ms=NOW, by="Li", reason="r"
    )
    for wrong in ({"zone": ""}, {"zone": 5}, {"test": "fire"}, {"test": None}):
        assert zone_test_of({**act, **wrong}, 7, NOW) is None


def test_a_planned_zone_and_one_in_use_are_asked_alike() -> None:
    planned = asked()
    assert missing(replace(planned, zone=replace(planned.zone, state=ZoneState.PLANNED))) == ()
    assert isinstance(planned.plan.sensors[0], Sensor)

"""Schedules, inputs, doors and certificates in a fleet file: what is taken and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from coldchain.errors import ConfigError, InvalidInput
from coldchain_backend.fleet import ZoneState
from coldchain_backend.fleetfile import parse
from coldchain_backend.fleetfile.zone_entries import scheduled_time

GOOD = (Path(__file__).parents[2] / "data" / "fleet" / "chongqing.yaml").read_text("utf-8")
SPARE = "        state: empty\n"
FIRST_SENSOR = "{id: chiller-front, interval: 60s, accuracy: 0.5}"


@pytest.mark.parametrize(
    ("text", "days", "minutes"),
    [
        ("mon-fri 06:00-22:00", (0, 1, 2, 3, 4), (360, 1320)),
        ("sat,sun 8:00-12:30", (5, 6), (480, 750)),
        ("fri-mon 22:00-05:00", (0, 4, 5, 6), (1320, 300)),
        ("daily 00:00-24:00", (0, 1, 2, 3, 4, 5, 6), (0, 1440)),
    ],
)
def test_days_and_times_are_read(text: str, days: tuple[int, ...], minutes: tuple[int, int]) -> None:
    found = scheduled_time(text)
    assert (found.days, (found.from_minute, found.to_minute)) == (days, minutes)


@pytest.mark.parametrize(
    "text",
    ["", "06:00-22:00", "mo 06:00-22:00", "mon 6-22", "mon 06:60-22:00", "mon 06:00-25:00", "mon 6:00-6:00"],
)
def test_other_texts_are_refused_with_what_was_written(text: str) -> None:
    with pytest.raises(InvalidInput) as told:
        scheduled_time(text)
    assert repr(text) in str(told.value)


def zone_with(*lines: str) -> str:
    return GOOD.replace(SPARE, SPARE + "".join(f"        {line}\n" for line in lines))


def certified(due: str) -> str:
    return GOOD.replace("accuracy: 0.5", f"certificate: {{number: a, date: '2026-03-01', due: '{due}'}}", 1)


def test_a_schedule_and_an_input_reach_the_plan() -> None:
    plan = parse(zone_with('schedule: {in_use: ["mon-fri 06:00-22:00"], otherwise: maintenance}'))
    zone = next(zone for _, zone in plan.zones() if zone.id == "cq-store.spare")
    assert zone.schedule is not None
    assert zone.schedule.otherwise is ZoneState.MAINTENANCE
    plan = parse(
        zone_with("in_use_when: {sensor: dock-wall, field: mains, value: true}", "doors: [dock-wall]")
    )
    zone = next(zone for _, zone in plan.zones() if zone.id == "cq-store.spare")
    assert zone.state_input is not None
    assert zone.doors == ("dock-wall",)


def test_a_certificate_reaches_the_plan() -> None:
    certificate = (
        "certificate: {number: CQ-2026-17, date: '2026-03-01', due: '2027-03-01', uncertainty: 0.1,"
        " corrections: [{at: 0, add: -0.1}, {at: 8, add: 0.2}]}, resolution: 0.1"
    )
    plan = parse(GOOD.replace(FIRST_SENSOR, FIRST_SENSOR.replace("}", f", {certificate}}}")))
    found = plan.sensor("chiller-front")
    assert found is not None
    assert found.certificate is not None
    assert (found.certificate.number, found.certificate.due) == ("CQ-2026-17", "2027-03-01")
    assert [one.add for one in found.certificate.corrections] == [-0.1, 0.2]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            zone_with(
                'schedule: {in_use: ["mon 06:00-22:00"]}', "in_use_when: {sensor: dock-wall, field: mains}"
            ),
            "not both",
        ),
        (zone_with('schedule: {in_use: []}'), "1 to 50"),
        (zone_with('schedule: {in_use: ["mon 06:00-22:00"], otherwise: in_use}'), "always in use"),
        (zone_with("in_use_when: {sensor: dock-wal, field: mains}"), "did you mean `dock-wall`"),
        (zone_with("in_use_when: {sensor: dock-wall, field: temperature}"), "not a switch"),
        (zone_with("doors: [nobody]"), "unknown sensor `nobody`"),
        (GOOD.replace("accuracy: 0.5", "resolution: 0", 1), "resolution"),
        (GOOD.replace("accuracy: 0.5", "battery_low: 101", 1), "battery_low"),
        (
            certified("2026-02-30"),
            "not a date",
        ),
        (
            certified("2026-01-01"),
            "not after",
        ),
        (
            GOOD.replace(
                "accuracy: 0.5",
                "certificate: {number: a, date: '2026-03-01', due: '2027-03-01',"
                " corrections: [{at: 8, add: 0}, {at: 0, add: 0}]}",
                1,
            ),
            "ascend",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line(changed: str, told: str) -> None:
    with pytest.raises(ConfigError) as found:
        parse(changed)
    assert told in str(found.value)
    assert "fleet.yaml:" in str(found.value)

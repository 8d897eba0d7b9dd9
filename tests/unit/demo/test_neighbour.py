"""The neighbour fills what dashboards show, and stands in the fleet file only where it is wanted."""

from __future__ import annotations

import string

import pytest

from coldchain.lineprotocol import Line, parse
from coldchain.quantities import QUANTITIES
from coldchain_backend.fleetfile import parse as parse_fleet
from demo import neighbour
from demo.grounds import HERE

NOW_MS = 1_795_305_600_000
NAMED = {"secret_file": "whsec", "receiver_url": "http://127.0.0.1:9100/hook"}


def said(number: int) -> dict[str, Line]:
    found: dict[str, Line] = {}
    for line in parse(("\n".join(neighbour.lines(number, NOW_MS)) + "\n").encode()):
        assert isinstance(line, Line)
        found[line.tags["sensor"]] = line
    return found


def fleet(*, wanted: bool) -> str:
    values = neighbour.additions(NAMED, wanted=wanted)
    receiver = neighbour.RECEIVER if wanted else "dispatch"
    text = (HERE / "fleet.yaml").read_text("utf-8")
    return string.Template(text).substitute({**NAMED, **values, "system_receiver": receiver})


@pytest.mark.parametrize("number", [0, 1, 44, 45, 59, 60, 5_000, 100_000])
def test_all_that_it_says_can_be(number: int) -> None:
    for line in said(number).values():
        assert line.time == NOW_MS
        for name, value in line.fields.items():
            assert not isinstance(value, str)
            assert QUANTITIES[name].possible(value), name


def test_its_truck_says_what_the_boards_of_a_zone_and_of_gateways_show() -> None:
    wanted = {
        "temperature", "humidity", "door_open", "defrost", "latitude", "longitude", "battery",
        "battery_voltage", "link_quality",
    }  # fmt: skip
    assert wanted <= said(0)["truck-2-box"].fields.keys()
    spoken = [said(number).get("truck-2-box") for number in range(120)]
    for switch in ("door_open", "defrost"):
        assert {one.fields[switch] for one in spoken if one is not None} == {True, False}


def test_its_truck_is_not_heard_in_the_tunnel_and_its_store_is() -> None:
    for number in (neighbour.TUNNEL[0] - 1, neighbour.TUNNEL[-1] + 1):
        assert "truck-2-box" in said(number)
    for number in neighbour.TUNNEL:
        assert said(number).keys() == {"hub-quay", "hub-vaccine", "hub-transit"}


def test_every_zone_of_it_is_out_of_limits_all_the_time() -> None:
    for number in range(100):
        for line in said(number).values():
            celsius = line.fields["temperature"]
            assert isinstance(celsius, float)
            assert celsius > 8.5  # the limit and its hysteresis


def test_the_fleet_file_has_it_only_where_it_is_wanted() -> None:
    alone, beside = parse_fleet(fleet(wanted=False)), parse_fleet(fleet(wanted=True))
    assert {one.id for one in beside.assets} - {one.id for one in alone.assets} == neighbour.ASSETS
    assert {one.id for one in beside.sensors} - {one.id for one in alone.sensors} == said(0).keys()
    assert {one.name for one in beside.gateways} - {one.name for one in alone.gateways} == {neighbour.GATEWAY}
    assert neighbour.ZONE in {zone.id for _, zone in beside.zones()}
    assert (alone.system_receiver, beside.system_receiver) == ("dispatch", neighbour.RECEIVER)


def test_nobody_who_watches_the_demonstration_hears_of_it() -> None:
    plan = parse_fleet(fleet(wanted=True))
    assert [(route.name, tuple(route.match.assets)) for route in plan.routes] == [
        (neighbour.RECEIVER, tuple(sorted(neighbour.ASSETS, reverse=True)))
    ]

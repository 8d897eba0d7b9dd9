"""What gateways get to watch."""

from __future__ import annotations

from hypothesis import given

from coldchain.watch import from_bytes, to_bytes
from coldchain_backend.fleet import Fleet, Plan, bundle_for
from support.fleets import plans, version


def fleet_of(plan: Plan) -> Fleet:
    return Fleet.empty("demo").with_version(version(plan, 1, 1000))


@given(plans())
def test_only_sensors_of_zones_in_use_are_watched(plan: Plan) -> None:
    bundle = bundle_for(fleet_of(plan), "gw", 5)
    wanted = {place.point.sensor for place in plan.places() if place.in_use and place.point.sensor}
    assert {one.sensor for one in bundle.sensors} == wanted
    assert {one.profile for one in bundle.sensors} == {profile.name for profile in bundle.profiles}
    assert from_bytes(to_bytes(bundle)) == bundle


@given(plans())
def test_the_version_follows_the_content_alone(plan: Plan) -> None:
    first = bundle_for(fleet_of(plan), "gw", 5)
    later = bundle_for(fleet_of(plan).with_version(version(plan, 9, 9000)), "gw", 77)
    assert first.version == later.version
    assert later.made_ms == 77


def test_a_gateway_with_an_asset_watches_no_other() -> None:
    from coldchain_backend.fleetfile import parse
    from support.fleets import FLEET_FILE

    fleet = fleet_of(parse(FLEET_FILE.read_text("utf-8")))
    assert {one.asset for one in bundle_for(fleet, "gw", 1).sensors} == {"cq-store"}
    assert {one.asset for one in bundle_for(fleet, "unheard-of", 1).sensors} == {"cq-store", "truck-1"}

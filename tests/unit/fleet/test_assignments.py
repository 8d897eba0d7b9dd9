"""Where a sensor stood, under which limits, at which time."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.fleet import Fleet, Place, Plan
from support.fleets import SENSORS, fleets, plans, version

INSTANTS = st.integers(min_value=0, max_value=6000)


def judged_alike(one: Place, other: Place) -> bool:
    return (one.point.id, one.zone.id, one.zone.profile, one.in_use) == (
        other.point.id,
        other.zone.id,
        other.zone.profile,
        other.in_use,
    )


@given(fleets(), st.sampled_from(SENSORS), INSTANTS)
def test_a_spell_says_what_the_version_of_that_instant_said(fleet: Fleet, sensor: str, at_ms: int) -> None:
    place, spell = fleet.place_of(sensor, at_ms), fleet.spell_of(sensor, at_ms)
    assert (place is None) == (spell is None)
    if place is not None and spell is not None:
        assert judged_alike(spell.place, place)
        assert spell.profile == fleet.profile_of(place.zone.id, at_ms)
        assert spell.in_use == (fleet.state_of(place.zone.id, at_ms) == "in_use")


@given(fleets(), st.sampled_from(SENSORS))
def test_spells_are_in_order_and_do_not_overlap(fleet: Fleet, sensor: str) -> None:
    spells = fleet.spells(sensor)
    for before, after in pairwise(spells):
        assert before.to_ms is not None
        assert before.from_ms <= before.to_ms <= after.from_ms
    assert all(spell.to_ms is not None for spell in spells[:-1])


@given(plans(), st.integers(min_value=1, max_value=4))
def test_the_same_plan_again_changes_no_spell(plan: Plan, times: int) -> None:
    once = Fleet.empty("demo").with_version(version(plan, 1, 1000))
    often = once
    for number in range(times):
        often = often.with_version(version(plan, number + 2, 2000 + number))
    assert [once.spells(one) for one in SENSORS] == [often.spells(one) for one in SENSORS]


@given(plans(), st.sampled_from(SENSORS))
def test_nothing_stands_anywhere_before_the_first_version(plan: Plan, sensor: str) -> None:
    fleet = Fleet.empty("demo").with_version(version(plan, 1, 1000))
    assert fleet.place_of(sensor, 999) is None
    assert fleet.place_of(sensor, 1000) == plan.place_of_sensor(sensor)


def test_an_empty_fleet_accepts_unsealed_writes_and_knows_nothing() -> None:
    fleet = Fleet.empty("demo")
    assert fleet.unsealed_allowed
    for found in (fleet.zones, fleet.sensors, fleet.gateways, fleet.receivers, fleet.mapping):
        assert found == ()
    assert fleet.system_receiver is None

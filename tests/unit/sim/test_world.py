"""A site is deterministic, hears its events, and stays cheap with hundreds of devices."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain_sim import scenario
from coldchain_sim.clock import SimulatedClock
from coldchain_sim.scenario import Event, Moment, NamedChamber, SensorSpec, Site
from coldchain_sim.world import World
from support.still_clock import StillClock

SITE = scenario.load("door-left-open")[1]
SENSORS = ("chiller-front", "chiller-goods", "freezer-md02", "配送车/前")


def world(seed: int = 1, site: Site = SITE, speed: float = 20.0) -> tuple[World, StillClock]:
    clock = StillClock()
    return World(site, SimulatedClock(real=clock, speed=speed), seed), clock


def told(seed: int, seconds: list[int]) -> list[float]:
    place, clock = world(seed)
    said = []
    for pause in seconds:
        clock.advance(pause * 1_000)
        said += [place.read(sensor) for sensor in SENSORS]
    return said


@settings(max_examples=8)
@given(seed=st.integers(0, 2**31), seconds=st.lists(st.integers(1, 10), min_size=1, max_size=5))
def test_the_same_seed_says_the_same(seed: int, seconds: list[int]) -> None:
    assert told(seed, seconds) == told(seed, seconds)


def test_another_seed_says_something_else() -> None:
    assert told(1, [5, 5, 5]) != told(2, [5, 5, 5])


def test_an_open_door_is_felt_at_the_door_first_and_in_the_goods_hardly() -> None:
    place, clock = world()
    clock.advance(10_000)
    before = {sensor: place.read(sensor) for sensor in SENSORS}
    place.act(Moment(at_min=0.0, event=Event.DOOR_OPENS, where="chiller"))
    clock.advance(12_000)
    after = {sensor: place.read(sensor) for sensor in SENSORS}
    assert after["chiller-front"] > before["chiller-front"] + 4.0
    assert abs(after["chiller-goods"] - before["chiller-goods"]) < 1.0
    assert abs(after["freezer-md02"] - before["freezer-md02"]) < 1.5
    place.act(Moment(at_min=0.0, event=Event.DOOR_CLOSES, where="chiller"))
    clock.advance(60_000)
    assert place.read("chiller-front") < 8.0


def test_a_failed_compressor_lets_the_room_warm_until_it_is_repaired() -> None:
    place, clock = world(speed=60.0)
    place.act(Moment(at_min=0.0, event=Event.COMPRESSOR_FAILS, where="chiller"))
    clock.advance(90_000)
    warm = place.air()["chiller"]
    assert warm > 5.0
    place.act(Moment(at_min=0.0, event=Event.COMPRESSOR_REPAIRED, where="chiller"))
    clock.advance(60_000)
    assert place.air()["chiller"] < warm


def test_events_about_nothing_here_change_nothing() -> None:
    place, clock = world()
    place.act(Moment(at_min=0.0, event=Event.UPLINK_LOST, where=""))
    place.act(Moment(at_min=0.0, event=Event.LINE_UNPLUGGED, where="chiller-line"))
    clock.advance(1_000)
    assert set(place.air()) == {"chiller", "freezer", "truck"}


def test_hundreds_of_devices_are_cheap() -> None:
    site = Site(
        chambers=tuple(NamedChamber(name=f"room-{number}") for number in range(100)),
        bridge=tuple(SensorSpec(sensor=f"s{n}", chamber=f"room-{n}", copies=5) for n in range(100)),
    )
    place, clock = world(site=site)
    names = [name for sensor in site.bridge for name in sensor.names()]
    began = time.process_time()
    for _ in range(10):
        clock.advance(1_000)
        for name in names:
            place.read(name)
    assert time.process_time() - began < 2.5

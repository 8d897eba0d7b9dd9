"""The physics stays within what acts on it, is deterministic, and follows door, compressor and defrost."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain_sim.physics import (
    Ambient,
    Chamber,
    ChamberSpec,
    ChamberState,
    Defrost,
    Goods,
    Probe,
    ProbeSpec,
    Thermostat,
    initial,
    step,
)
from support.soak import rounds

COLD_ROOM = ChamberSpec()
SWITCHES = st.lists(
    st.tuples(st.sampled_from(["open", "close", "fail", "repair"]), st.integers(1, 900)), max_size=6
)


def ran(switches: list[tuple[str, int]], spec: ChamberSpec = COLD_ROOM) -> tuple[Chamber, list[float]]:
    chamber, now, airs = Chamber(spec=spec), 0.0, []
    for switch, seconds in switches:
        if switch in {"open", "close"}:
            chamber.set_door(is_open=switch == "open")
        else:
            chamber.set_failed(failed=switch == "fail")
        now += seconds
        airs.append(chamber.advance(now).air_c)
    return chamber, airs


@settings(max_examples=rounds(25, 800))
@given(switches=SWITCHES)
def test_air_and_goods_stay_between_the_coldest_coil_and_the_outside(switches: list[tuple[str, int]]) -> None:
    chamber, airs = ran(switches)
    warmest = COLD_ROOM.ambient.mean_c + COLD_ROOM.ambient.swing_c
    for celsius in (*airs, chamber.state.goods_c):
        assert -15.0 < celsius <= warmest


@settings(max_examples=rounds(25, 800))
@given(switches=SWITCHES)
def test_the_same_story_gives_the_same_temperatures(switches: list[tuple[str, int]]) -> None:
    assert ran(switches)[1] == ran(switches)[1]


@given(looks=st.lists(st.floats(0.1, 100.0), min_size=1, max_size=20))
def test_how_often_one_looks_changes_nothing(looks: list[float]) -> None:
    often, once, now = Chamber(spec=COLD_ROOM), Chamber(spec=COLD_ROOM), 0.0
    for seconds in looks:
        now += seconds
        often.advance(now)
    assert often.state == once.advance(now)


@settings(max_examples=25)
@given(dt_s=st.sampled_from([0.5, 1.0, 2.0, 5.0, 10.0]))
def test_the_step_hardly_matters(dt_s: float) -> None:
    def after_ten_minutes(step_s: float) -> ChamberState:
        state = replace(initial(COLD_ROOM), door_open=True, failed=True)
        for _ in range(round(600 / step_s)):
            state = step(COLD_ROOM, state, outside_c=30.0, dt_s=step_s)
        return state

    fine, coarse = after_ten_minutes(0.25), after_ten_minutes(dt_s)
    assert coarse.air_c == pytest.approx(fine.air_c, abs=0.05)
    assert coarse.goods_c == pytest.approx(fine.goods_c, abs=0.05)


@given(outside_c=st.floats(10.0, 45.0), minutes=st.integers(1, 30))
def test_an_open_door_warms_and_a_compressor_cools(outside_c: float, minutes: int) -> None:
    shut = replace(initial(COLD_ROOM), failed=True)
    cooled = replace(initial(COLD_ROOM), running=True)
    opened = replace(shut, door_open=True)
    for _ in range(minutes * 6):
        shut = step(COLD_ROOM, shut, outside_c=outside_c, dt_s=10.0)
        opened = step(COLD_ROOM, opened, outside_c=outside_c, dt_s=10.0)
        cooled = step(COLD_ROOM, cooled, outside_c=outside_c, dt_s=10.0)
    assert opened.air_c > shut.air_c > cooled.air_c
    assert opened.draught_k > 0.0


def test_the_thermostat_keeps_the_air_in_its_band_and_cycles() -> None:
    chamber, airs, running = Chamber(spec=COLD_ROOM), [], set()
    for second in range(0, 4 * 3_600, 10):
        state = chamber.advance(float(second))
        airs.append(state.air_c)
        running.add(state.running)
    assert running == {True, False}
    assert 2.5 < min(airs) < max(airs) < 5.5


def test_a_compressor_rests_before_it_starts_again() -> None:
    thermostat = Thermostat(set_point_c=4.0, band_c=2.0, min_off_s=120.0)
    assert not thermostat.wants(running=False, air_c=9.0, off_s=119.0)
    assert thermostat.wants(running=False, air_c=9.0, off_s=120.0)
    assert thermostat.wants(running=True, air_c=3.5, off_s=0.0)
    assert not thermostat.wants(running=True, air_c=3.0, off_s=0.0)


def test_air_reads_high_in_a_defrost_while_goods_hardly_move() -> None:
    spec = ChamberSpec(defrost=Defrost(every_s=3_600.0, frost_kg_per_h=8.0))
    chamber, warmest, goods, defrosted = Chamber(spec=spec), -99.0, [], False
    for second in range(0, 7_200, 10):
        state = chamber.advance(float(second))
        defrosted |= state.defrosting_s is not None
        if state.defrosting_s is not None:
            assert not state.running
            assert state.defrosting_s <= 2_702.0
        warmest = max(warmest, state.air_c)
        goods.append(state.goods_c)
    assert defrosted
    assert warmest > 5.5
    assert max(goods) - min(goods) < 0.5


def test_frost_melts_before_the_coil_warms() -> None:
    defrost = Defrost(heater_kw=2.0, leak_share=0.0, coil_kj_per_k=20.0)
    frost, coil = defrost.melted(1.0, -10.0, 50.0)
    assert (frost, coil) == (1.0, -5.0)
    frost, coil = defrost.melted(1.0, 0.0, 100.0)
    assert frost == pytest.approx(1.0 - 200.0 / 334.0)
    assert coil == 0.0
    assert defrost.melted(0.0, 0.0, 10.0) == (0.0, 1.0)


def test_the_day_is_warmest_in_the_afternoon() -> None:
    ambient = Ambient(mean_c=24.0, swing_c=6.0, warmest_hour=15.0)
    assert ambient.at(15 * 3_600.0) == pytest.approx(30.0)
    assert ambient.at(3 * 3_600.0) == pytest.approx(18.0)
    assert ambient.at(15 * 3_600.0) == pytest.approx(ambient.at((15 + 48) * 3_600.0))


@given(air_c=st.floats(-30, 40), goods_c=st.floats(-30, 40), dt_s=st.floats(0, 1e7))
def test_goods_never_pass_the_air(air_c: float, goods_c: float, dt_s: float) -> None:
    goods = Goods()
    after = goods.follow(goods_c, air_c, exchange=goods.exchange(fans=True), dt_s=dt_s)
    low, high = sorted((air_c, goods_c))
    assert low - 1e-9 <= after <= high + 1e-9


def probe(seed: int = 1, **spec: float) -> Probe:
    return Probe(spec=ProbeSpec(**spec), rng=random.Random(seed))


def test_a_probe_lags_by_its_time_constant() -> None:
    slow = probe(lag_s=100.0, noise_c=0.0, resolution_c=0.001)
    assert slow.read(at_s=0.0, air_c=0.0, draught_k=0.0, goods_c=0.0) == 0.0
    assert slow.read(at_s=100.0, air_c=10.0, draught_k=0.0, goods_c=0.0) == pytest.approx(6.321)


def test_a_probe_at_the_door_feels_the_draught_and_one_in_the_goods_the_goods() -> None:
    at_door = probe(door_share=1.0, lag_s=0.0, noise_c=0.0)
    in_goods = probe(goods_share=1.0, lag_s=0.0, noise_c=0.0)
    assert at_door.read(at_s=0.0, air_c=5.0, draught_k=3.0, goods_c=4.0) == 8.0
    assert in_goods.read(at_s=0.0, air_c=5.0, draught_k=3.0, goods_c=4.0) == 4.0


@given(air_c=st.floats(-40, 40), resolution=st.sampled_from([0.01, 0.1, 0.5, 0.0625]))
def test_a_probe_speaks_on_its_grid(air_c: float, resolution: float) -> None:
    said = probe(resolution_c=resolution).read(at_s=0.0, air_c=air_c, draught_k=0.0, goods_c=0.0)
    assert said / resolution == pytest.approx(round(said / resolution), abs=1e-2)


def test_the_same_seed_gives_the_same_noise_and_another_seed_another() -> None:
    def said(seed: int) -> list[float]:
        one = probe(seed)
        return [one.read(at_s=float(s), air_c=4.0, draught_k=0.0, goods_c=4.0) for s in range(50)]

    assert said(1) == said(1)
    assert said(1) != said(2)

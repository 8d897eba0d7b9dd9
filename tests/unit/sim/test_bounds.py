"""Parts of the physics keep their bounds and balances; truth says exactly what was given out."""

import math
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_sim.physics import Ambient, Defrost, Door, Goods, Probe, ProbeSpec, Thermostat
from coldchain_sim.physics.defrost import END_COIL_C, FUSION_KJ_PER_KG, LONGEST_S
from coldchain_sim.truth import EVENTS_FILE, TRUTH_FILE, Given, Happened, Transport, TruthLog
from demo import evidence

CELSIUS = st.floats(-40.0, 45.0)
SECONDS = st.floats(0.1, 3_600.0)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
READINGS = st.builds(
    Given,
    transport=st.sampled_from(Transport),
    sensor=NAMES,
    counter=st.integers(0, 2**63),
    temperature=st.floats(-60.0, 60.0),
    time_ms=st.integers(0, 2**53),
)
EVENTS = st.builds(Happened, time_ms=st.integers(0, 2**53), event=NAMES, where=NAMES | st.just(""))


@given(mean=CELSIUS, swing=st.floats(0.0, 20.0), hour=st.floats(0.0, 24.0), at=st.floats(0.0, 1e6))
def test_the_outside_keeps_its_swing_and_repeats_daily(
    mean: float, swing: float, hour: float, at: float
) -> None:
    outside = Ambient(mean_c=mean, swing_c=swing, warmest_hour=hour)
    assert abs(outside.at(at) - mean) <= swing + 1e-9
    assert outside.at(at + 86_400.0) == pytest.approx(outside.at(at), abs=1e-6)
    assert outside.at(hour * 3_600.0) == pytest.approx(mean + swing)


@given(draught=st.floats(0.0, 8.0), air=CELSIUS, warmer=st.floats(0.0, 40.0), dt_s=SECONDS)
def test_a_draught_lies_between_what_it_was_and_where_it_goes(
    draught: float, air: float, warmer: float, dt_s: float
) -> None:
    door = Door()
    opened = door.draught(draught, is_open=True, air_c=air, outside_c=air + warmer, dt_s=dt_s)
    target = door.draught_share * warmer
    assert min(draught, target) - 1e-9 <= opened <= max(draught, target) + 1e-9
    closed = door.draught(draught, is_open=False, air_c=air, outside_c=air + warmer, dt_s=dt_s)
    assert 0.0 <= closed <= draught


@given(frost=st.floats(0.0, 5.0), coil=st.floats(-40.0, END_COIL_C), dt_s=SECONDS)
def test_a_defrost_spends_its_heat_once(frost: float, coil: float, dt_s: float) -> None:
    defrost = Defrost()
    left, warmer = defrost.melted(frost, coil, dt_s)
    spent = (frost - left) * FUSION_KJ_PER_KG + (warmer - coil) * defrost.coil_kj_per_k
    if coil <= 0.0 or frost == 0.0:
        assert warmer <= 1e-9 or left == pytest.approx(0.0, abs=1e-9)
    assert spent == pytest.approx(defrost.heater_kw * (1.0 - defrost.leak_share) * dt_s, abs=1e-6)
    assert -1e-12 <= left <= frost
    assert warmer >= coil


@given(frost=st.floats(0.0, 5.0), dt_s=SECONDS)
def test_an_open_door_brings_four_times_the_frost(frost: float, dt_s: float) -> None:
    defrost = Defrost()
    shut = defrost.gathered(frost, is_open=False, dt_s=dt_s) - frost
    opened = defrost.gathered(frost, is_open=True, dt_s=dt_s) - frost
    assert shut > 0.0
    assert opened == pytest.approx(4.0 * shut)


@pytest.mark.parametrize(
    ("coil_c", "lasted_s", "ended"),
    [
        (END_COIL_C, 0.0, True),
        (END_COIL_C - 0.01, LONGEST_S - 0.01, False),
        (-20.0, LONGEST_S, True),
    ],
)
def test_a_defrost_ends_warm_or_late(coil_c: float, lasted_s: float, *, ended: bool) -> None:
    assert Defrost().ended(coil_c, lasted_s) is ended


@given(since=st.floats(0.0, 1e9))
def test_a_defrost_is_due_by_the_clock_and_never_when_off(since: float) -> None:
    assert not Defrost(every_s=0.0).due(since)
    assert Defrost(every_s=5_400.0).due(since) is (since >= 5_400.0)


@pytest.mark.parametrize(
    ("running", "air_c", "off_s", "wants"),
    [
        (True, 3.01, 0.0, True),
        (True, 3.0, 1e9, False),
        (False, 5.0, 120.0, True),
        (False, 5.0, 119.9, False),
        (False, 4.99, 1e9, False),
    ],
)
def test_the_thermostat_has_two_points_and_a_rest(
    air_c: float, off_s: float, *, running: bool, wants: bool
) -> None:
    assert Thermostat().wants(running=running, air_c=air_c, off_s=off_s) is wants


@given(goods=CELSIUS, air=CELSIUS, dt_s=SECONDS)
def test_goods_move_towards_the_air_and_slower_without_fans(goods: float, air: float, dt_s: float) -> None:
    mass = Goods()
    moved = {
        fans: abs(mass.follow(goods, air, exchange=mass.exchange(fans=fans), dt_s=dt_s) - goods)
        for fans in (True, False)
    }
    assert moved[False] <= moved[True] <= abs(air - goods) + 1e-9


@given(looks=st.lists(st.tuples(st.floats(0.0, 600.0), CELSIUS, CELSIUS), min_size=1, max_size=8))
def test_a_quiet_probe_stays_within_what_it_has_felt(looks: list[tuple[float, float, float]]) -> None:
    probe = Probe(spec=ProbeSpec(goods_share=0.4, noise_c=0.0), rng=random.Random(1))
    at_s, felt = 0.0, list[float]()
    for later_s, air, goods in looks:
        at_s += later_s
        felt += [air, goods]
        said = probe.read(at_s=at_s, air_c=air, draught_k=0.0, goods_c=goods)
        assert min(felt) - 0.006 <= said <= max(felt) + 0.006
        assert math.isclose(said * 100.0, round(said * 100.0), abs_tol=1e-6)


@given(readings=st.lists(READINGS, max_size=8), events=st.lists(EVENTS, max_size=4))
def test_what_was_given_out_is_read_back_by_another_program(
    tmp_path_factory: pytest.TempPathFactory, readings: list[Given], events: list[Happened]
) -> None:
    folder = tmp_path_factory.mktemp("sim") / "not" / "there yet"
    with TruthLog(folder) as log:
        for reading in readings:
            log.given(reading)
        for event in events:
            log.happened(event)
        assert log.counts == {wire: sum(r.transport is wire for r in readings) for wire in Transport}
        seen = evidence.read_truth(folder / TRUTH_FILE)
    assert [(t.transport, t.sensor, t.counter, t.temperature, t.time_ms) for t in seen] == [
        (r.transport, r.sensor, r.counter, r.temperature, r.time_ms) for r in readings
    ]
    told = evidence.read_events(folder / EVENTS_FILE)
    assert [(h.time_ms, h.event, h.where) for h in told] == [(e.time_ms, e.event, e.where) for e in events]


def test_a_second_run_goes_on_below_the_first(tmp_path: Path) -> None:
    for counter in (1, 2):
        with TruthLog(tmp_path) as log:
            log.given(
                Given(transport=Transport.MQTT, sensor="a", counter=counter, temperature=4.0, time_ms=0)
            )
            assert log.counts[Transport.MQTT] == 1
    assert [one.counter for one in evidence.read_truth(tmp_path / TRUTH_FILE)] == [1, 2]

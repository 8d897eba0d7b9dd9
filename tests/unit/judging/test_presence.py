"""When silence is due: by what was heard, by pauses that are not the sensor's, by its interval."""

from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.fleet import Fleet, FleetVersion, Spell
from coldchain_backend.judging.contracts import GatewayState, SensorState
from coldchain_backend.judging.presence import (
    can_tell,
    offline_due_ms,
    silence_delay_ms,
    silence_due_ms,
    was_quiet,
)
from coldchain_backend.judging.present import Settings
from support.judged_log import MINUTE, SECOND, T0, plan

SETTINGS = Settings(organisation="demo")
INTERVALS = st.sampled_from([SECOND, 10 * SECOND, 30 * SECOND, 5 * MINUTE])
STAMPS = st.one_of(st.none(), st.integers(T0, T0 + 100 * MINUTE))


def spell(interval_ms: int) -> Spell:
    """The spell of the only sensor."""
    version = FleetVersion(
        number=1, from_ms=T0, digest="", plan=plan({"s": interval_ms}), text="", by="admin"
    )
    [only] = Fleet.empty("demo").with_version(version).spells("s")
    return only


@given(INTERVALS)
def test_the_delay_is_two_and_a_half_intervals_at_least_a_minute_and_the_upload(interval_ms: int) -> None:
    assert silence_delay_ms(interval_ms, SETTINGS) == max(2.5 * interval_ms, 60 * SECOND) + 30 * SECOND


@given(INTERVALS, STAMPS, STAMPS, STAMPS, st.integers(0, T0 + 100 * MINUTE))
def test_the_newest_of_all_beginnings_counts(
    interval_ms: int, last_ms: int | None, heard_ms: int | None, returned_ms: int | None, started_ms: int
) -> None:
    sensor = SensorState(sensor="s", last_ms=last_ms, heard_ms=heard_ms)
    gateway = GatewayState(gateway="gw", known_ms=T0, returned_ms=returned_ms)
    due_ms = silence_due_ms(spell(interval_ms), sensor, gateway, started_ms, SETTINGS)
    spoke_ms = None if last_ms is None or heard_ms is None else min(last_ms, heard_ms)
    begins = [one for one in (T0, started_ms, spoke_ms, returned_ms) if one is not None]
    assert due_ms == max(begins) + silence_delay_ms(interval_ms, SETTINGS)


def test_a_clock_that_runs_ahead_delays_no_silence() -> None:
    sensor = SensorState(sensor="s", last_ms=T0 + 9 * MINUTE, heard_ms=T0 + MINUTE)
    assert silence_due_ms(spell(SECOND), sensor, None, 0, SETTINGS) == T0 + MINUTE + 90 * SECOND


def test_a_gateway_that_was_never_heard_can_tell_nothing() -> None:
    never = GatewayState(gateway="gw", known_ms=T0)
    assert not can_tell(never, T0, SETTINGS)
    heard = GatewayState(gateway="gw", known_ms=T0, heard_ms=T0)
    assert can_tell(heard, T0 + 30 * SECOND, SETTINGS)
    assert not can_tell(heard, T0 + 31 * SECOND, SETTINGS)


def test_uploading_once_a_minute_is_not_being_away() -> None:
    heard = GatewayState(gateway="gw", known_ms=T0, heard_ms=T0)
    assert not was_quiet(heard, T0 + MINUTE, SETTINGS)
    assert was_quiet(heard, T0 + 3 * MINUTE, SETTINGS)


def test_a_gateway_is_offline_after_the_time_of_its_asset_and_not_before_we_were_up() -> None:
    heard = GatewayState(gateway="gw", known_ms=T0, heard_ms=T0 + MINUTE)
    [asset] = plan({"s": SECOND}, offline_after_ms=7 * MINUTE).assets
    assert offline_due_ms(heard, asset, 0) == T0 + 8 * MINUTE
    assert offline_due_ms(heard, asset, T0 + 5 * MINUTE) == T0 + 12 * MINUTE
    assert offline_due_ms(heard, None, 0) == T0 + 6 * MINUTE

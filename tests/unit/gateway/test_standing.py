"""What sounds and what shines, what a hush covers, and the alarm of the way upstream. Pure."""

from hypothesis import given
from hypothesis import strategies as st

from coldchain_gateway.contracts import Sample
from coldchain_gateway.local_alarm.latest import MOST_SENSORS, Heard, remember
from coldchain_gateway.local_alarm.standing import NO_HUSH, Hush, Key, Signals, signals
from coldchain_gateway.local_alarm.upstream import Upstream

HIGH: Key = ("store.front", "high")
SILENT: Key = ("store.front", "silence")
UPSTREAM: Key = ("", "upstream")


def test_the_way_upstream_shines_and_does_not_sound() -> None:
    assert signals(frozenset(), NO_HUSH, 0) == Signals()
    assert signals(frozenset({UPSTREAM}), NO_HUSH, 0) == Signals(buzzer=False, lamp=True)
    assert signals(frozenset({HIGH}), NO_HUSH, 0) == Signals(buzzer=True, lamp=True)
    assert signals(frozenset({SILENT}), NO_HUSH, 0) == Signals(buzzer=True, lamp=True)


def test_a_hush_ends_and_what_comes_again_sounds_again() -> None:
    stands = frozenset({HIGH})
    hush = Hush(until_ms=1_000, covers=stands)
    assert not signals(stands, hush, 999).buzzer
    assert signals(stands, hush, 1_000).buzzer
    ended = hush.still(frozenset(), 500)
    assert signals(stands, ended, 501).buzzer, "it ended meanwhile; this is another one"
    assert hush.still(stands, 1_000) == NO_HUSH


keys = st.frozensets(st.sampled_from([HIGH, SILENT, UPSTREAM, ("b", "low"), ("b", "silence")]))


@given(stands=keys, covers=keys, until_ms=st.integers(0, 100), now_ms=st.integers(0, 100))
def test_a_hush_never_dims_the_lamp_nor_quietens_what_is_new(
    stands: frozenset[Key], covers: frozenset[Key], until_ms: int, now_ms: int
) -> None:
    shown = signals(stands, Hush(until_ms=until_ms, covers=covers), now_ms)
    assert shown.lamp == bool(stands)
    if {key for key in stands - covers if key != UPSTREAM}:
        assert shown.buzzer
    if now_ms >= until_ms:
        assert shown == signals(stands, NO_HUSH, now_ms)


def test_the_way_upstream_is_judged_by_what_was_accepted() -> None:
    state = Upstream(mark=None, since_ms=0)
    assert not state.heard(None, 10**9).judged(1_000, 10**9).silent, "a gateway on its own has no upstream"
    state = state.heard((None,), 0)
    assert not state.judged(1_000, 1_000).silent
    silent = state.judged(1_000, 1_001)
    assert silent.silent
    assert silent.heard((None,), 5_000).silent, "nothing new was accepted"
    assert not silent.heard((7,), 5_000).silent
    assert not state.judged(0, 10**9).silent, "0 watches nothing"


def said(sensor: str, **values: float) -> Sample:
    return Sample(sensor=sensor, values=values)


def test_the_latest_values_of_a_sensor_are_put_together() -> None:
    latest: dict[str, Heard] = {}
    remember(latest, [said("a", temperature=0.0)], 1_000)
    remember(latest, [said("a", humidity=50.0)], 11_000)
    remember(latest, [said("a", humidity=51.0)], 21_500)
    assert latest["a"] == Heard(
        values={"temperature": 0.0, "humidity": 51.0}, at_ms=21_500, interval_ms=10_500
    )


def test_names_without_end_do_not_fill_the_memory() -> None:
    latest: dict[str, Heard] = {}
    remember(latest, [said(f"s{number}", temperature=1.0) for number in range(MOST_SENSORS + 10)], 0)
    assert len(latest) == MOST_SENSORS

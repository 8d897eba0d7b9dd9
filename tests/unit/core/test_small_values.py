"""Back-off, quantities, sensor ids, refusals and errors."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.backoff import Backoff, jittered
from coldchain.errors import ColdchainError, ConfigError, InvalidInput
from coldchain.quantities import QUANTITIES, quantity
from coldchain.readings import MAX_RAW, Refusal, RefusalReason, valid_sensor_id

CAP = 60_000


@given(st.integers(0, 10_000), st.floats(1, 10), st.integers(10_000, CAP))
def test_waits_grow_up_to_their_cap(base: int, factor: float, cap: int) -> None:
    backoff = Backoff(base_ms=base, factor=factor, cap_ms=cap)
    waits = [backoff.delay_ms(failures) for failures in range(30)]
    assert waits[0] == base
    assert all(earlier <= later <= cap for earlier, later in pairwise(waits))


def test_waits_double_by_default() -> None:
    backoff = Backoff(base_ms=200, cap_ms=1_000)
    assert [backoff.delay_ms(failures) for failures in (0, 1, 2, 3, 10**9)] == [200, 400, 800, 1_000, 1_000]


@pytest.mark.parametrize(("base", "factor", "cap"), [(-1, 2, 5), (10, 0.5, 20), (10, 2, 5)])
def test_waits_that_cannot_grow_are_refused(base: int, factor: float, cap: int) -> None:
    with pytest.raises(InvalidInput, match="back-off"):
        Backoff(base_ms=base, factor=factor, cap_ms=cap)


@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1))
def test_chance_moves_a_wait_by_its_fraction_at_most(delay: int, fraction: float, chance: float) -> None:
    assert delay * (1 - fraction) - 1 <= jittered(delay, fraction, chance) <= delay * (1 + fraction) + 1


def test_quantities_know_what_is_possible() -> None:
    assert quantity("temperature").possible(0.0)
    assert quantity("temperature").possible(-200.0)
    assert not quantity("temperature").possible(850.1)
    assert not quantity("humidity").possible(float("nan"))
    assert all(name == one.field for name, one in QUANTITIES.items())
    with pytest.raises(InvalidInput, match="temperatur"):
        quantity("temperatur")


@pytest.mark.parametrize(
    "text", ["a", "t7-front", "0x00158d", "zigbee2mqtt/客厅 温度", "冷藏间", "a" * 128, "a.b_c:d/e@f-g h"]
)
def test_names_of_sensors(text: str) -> None:
    assert valid_sensor_id(text)


@pytest.mark.parametrize(
    "text",
    ["", " a", "a ", "-a", "/a", "a" * 129, "a,b", "a=b", 'a"b', "a\nb", "a\tb", "a\\b", "a\x00", "😀"],
)
def test_what_cannot_name_a_sensor(text: str) -> None:
    assert not valid_sensor_id(text)


def test_a_refusal_keeps_the_beginning_of_what_it_refuses() -> None:
    assert len(Refusal(reason=RefusalReason.TOO_LONG, detail="", raw=b"x" * 10_000).raw) == MAX_RAW
    assert Refusal(reason=RefusalReason.SENTINEL, detail="", raw=b"-127").raw == b"-127"


def test_every_mistake_of_a_file_has_its_line() -> None:
    second = ConfigError("not a duration", file="gateway.toml", line=9, key="gateway.seal_after")
    several = ConfigError.of([ConfigError("unknown key", file="gateway.toml", line=3, key="gatway"), second])
    assert (
        str(several)
        == "gateway.toml:3: gatway: unknown key\ngateway.toml:9: gateway.seal_after: not a duration"
    )
    assert (several.line, several.mistakes[1]) == (3, second)
    assert isinstance(several, InvalidInput)
    assert isinstance(several, ColdchainError)
    assert str(ConfigError("cannot be read", file="a.toml")) == "a.toml: cannot be read"

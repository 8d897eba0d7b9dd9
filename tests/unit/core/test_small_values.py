"""Back-off, quantities, sensor ids, refusals and errors."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.backoff import (
    DELIVERY_DELAYS_MS,
    DELIVERY_HORIZON_MS,
    DELIVERY_REPEAT_MS,
    Backoff,
    delays,
    delivery_delay,
    honoured_retry_after,
    jittered,
)
from coldchain.errors import ColdchainError, ConfigError, InvalidInput
from coldchain.quantities import QUANTITIES, quantity
from coldchain.readings import MAX_RAW, Refusal, RefusalReason, valid_sensor_id

CAP = 60_000


@given(st.integers(0, 10_000), st.floats(1, 10), st.integers(10_000, CAP))
def test_waits_grow_up_to_their_cap(base: int, factor: float, cap: int) -> None:
    waits = list(islice(delays(base, factor, cap), 30))
    assert waits[0] == base
    assert all(earlier <= later <= cap for earlier, later in pairwise(waits))
    assert waits == [Backoff(base_ms=base, factor=factor, cap_ms=cap).delay_ms(n) for n in range(30)]


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


def test_deliveries_are_tried_soon_and_then_every_hour_for_three_days() -> None:
    assert [delivery_delay(n) // 1000 for n in range(1, 13)] == [
        *(0, 5, 15, 30, 60, 120, 300, 600, 1200, 1800),
        *(3600, 3600),
    ]
    assert sum(DELIVERY_DELAYS_MS) + DELIVERY_REPEAT_MS < DELIVERY_HORIZON_MS


@pytest.mark.parametrize(
    ("asked", "base", "wait"),
    [(0, 5_000, 5_000), (30_000, 5_000, 30_000), (10**9, 5_000, 900_000), (10**9, 10**6, 2 * 10**6)],
)
def test_a_receivers_wish_to_wait_is_honoured_within_reason(asked: int, base: int, wait: int) -> None:
    assert honoured_retry_after(asked, base) == wait


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

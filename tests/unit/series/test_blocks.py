"""Blocks give back what was packed, to the bit, and winners depend on nothing but what was said."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import IntegrityError
from coldchain.readings import Quality, Value
from coldchain_backend.series.blocks import Block, Columns, Origin, origin_of, pack, quality_of, rank_of
from coldchain_backend.series.merge import winners

TIMES = st.lists(st.integers(0, 2**62), min_size=1, max_size=80).map(sorted)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.integers(-200_000, 850_000).map(lambda whole: whole / 1000)
WHOLE = st.integers(-(2**63), 2**63 - 1)


@given(TIMES, st.sampled_from([FLOATS, DECIMALS, WHOLE, st.booleans()]), st.data())
def test_a_block_gives_back_what_was_packed(
    times: list[int], kind: st.SearchStrategy[Value], data: st.DataObject
) -> None:
    values = data.draw(st.lists(kind, min_size=len(times), max_size=len(times)))
    block = pack("s", 0, Columns(times=times, fields={"x:y": values}))
    columns = block.columns()
    assert list(columns.times) == times
    assert list(columns.fields["x:y"]) == values
    assert [type(value) for value in columns.fields["x:y"]] == [type(value) for value in values]


def test_a_day_of_temperatures_needs_few_bytes() -> None:
    rng = random.Random(1)
    value, values = 4.0, []
    for _ in range(8640):
        value += rng.choice((-0.06, 0.0, 0.06))
        values.append(round(value, 2))
    columns = Columns(times=[n * 10_000 for n in range(8640)], fields={"temperature": values})
    assert len(pack("s", 0, columns).data) < 8 * 8640


@given(st.binary(max_size=40), st.integers(1, 50), st.sampled_from(["t:m", "t:f", "t:b,u:i", "t:?", ""]))
def test_bytes_that_are_no_block_are_refused(data: bytes, count: int, layout: str) -> None:
    block = Block(sensor="s", first_ms=0, last_ms=1, count=count, rank=0, layout=layout, data=data)
    try:
        columns = block.columns()
    except IntegrityError:
        return
    assert len(columns.times) == count


@pytest.mark.parametrize("quality", list(Quality))
@pytest.mark.parametrize("origin", Origin)
def test_a_rank_tells_quality_and_who_vouches(quality: Quality, origin: Origin) -> None:
    rank = rank_of(quality, origin)
    assert (quality_of(rank), origin_of(rank)) == (quality, origin)


READINGS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 5),
        st.dictionaries(
            st.sampled_from(["temperature", "humidity"]), st.sampled_from([1.0, 2.0]), min_size=1
        ),
    ),
    min_size=1,
    max_size=12,
)


@given(READINGS, st.randoms(use_true_random=False))
def test_winners_do_not_depend_on_order_and_repetition(
    said: list[tuple[int, int, dict[str, Value]]], rng: random.Random
) -> None:
    def blocks(readings: list[tuple[int, int, dict[str, Value]]]) -> list[Block]:
        return [
            pack(
                "s", rank, Columns(times=[time_ms], fields={name: [value] for name, value in values.items()})
            )
            for time_ms, rank, values in readings
        ]

    shuffled = said + rng.sample(said, rng.randrange(len(said)))
    rng.shuffle(shuffled)
    assert winners(blocks(said), 0, 10)[0] == winners(blocks(shuffled), 0, 10)[0]


def test_quality_comes_first_then_the_seal() -> None:
    def one(rank: int, value: float) -> Block:
        return pack("s", rank, Columns(times=[1], fields={"temperature": [value]}))

    unsure_sealed = one(rank_of(Quality.TIME_UNSURE, Origin.SEALED), 1.0)
    good_unsealed = one(rank_of(Quality.GOOD, Origin.RECEIPT), 2.0)
    good_sealed = one(rank_of(Quality.GOOD, Origin.SEALED), 3.0)
    [best], conflicts = winners([unsure_sealed, good_unsealed, good_sealed], 0, 2)
    assert (best.values, best.sealed) == ({"temperature": 3.0}, True)
    assert sorted(float(one.other["temperature"]) for one in conflicts) == [1.0, 2.0]


def test_different_fields_of_one_instant_are_one_reading() -> None:
    parts = [
        pack("s", 0, Columns(times=[1], fields={"temperature": [4.0]})),
        pack("s", 1, Columns(times=[1], fields={"door_open": [True]})),
    ]
    [one], conflicts = winners(parts, 0, 2)
    assert one.values == {"temperature": 4.0, "door_open": True}
    assert conflicts == []

"""Unsealed writes: mapped, counted, sealed on receipt."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.lineprotocol import BadLine, parse
from coldchain_backend.fleet import Plan
from coldchain_backend.ingest import NotAdmitted, Precision
from support.doors import NOW_MS, Door
from support.lines import reading_lines
from support.soak import rounds

MS = Precision.MS


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "ingest")


@pytest.mark.parametrize(
    ("precision", "time"),
    [("ns", 1795376523000999999), ("us", 1795376523000999), ("ms", 1795376523000), ("s", 1795376523)],
)
async def test_times_are_read_in_the_unit_of_the_request(door: Door, precision: str, time: int) -> None:
    await door.admission.write_unsealed(
        "tool", b"reading,sensor=a temperature=4.5 %d\n" % time, Precision(precision), NOW_MS
    )
    assert door.bodies() == b"reading,sensor=a temperature=4.5 1795376523000\n"


async def test_a_mapped_measurement_becomes_a_reading(door: Door) -> None:
    body = b"mqtt,topic=cold/1,host=h temp=4i,other=7 1795376523000\ncpu,host=h usage=3 1795376523000\n"
    written = await door.admission.write_unsealed("tool", body, MS, NOW_MS)
    assert written.mistakes == ()
    (reading,) = reading_lines(door.bodies())
    assert (reading.tags["sensor"], float(reading.fields["temperature"])) == ("cold/1", 4.0)
    assert door.admission.unmapped == {"cpu": 1}


async def test_unreadable_lines_are_named_and_the_others_stored(door: Door) -> None:
    body = b"reading,sensor=a temperature=4.5 1\nnonsense\nreading,sensor=b temperature=5.5 2\n"
    written = await door.admission.write_unsealed("tool", body, MS, NOW_MS)
    assert len(written.mistakes) == 1
    assert written.mistakes[0].startswith("line 2:")
    assert written.stored_lines == 2


async def test_it_needs_the_organisations_leave(door: Door) -> None:
    door.plan = Plan(organisation="demo", unsealed_allowed=False)
    with pytest.raises(NotAdmitted):
        await door.admission.write_unsealed("tool", b"reading,sensor=a temperature=4.5 1\n", MS, NOW_MS)


async def test_receipts_of_many_writers_are_one_chain(door: Door) -> None:
    writes = [
        door.admission.write_unsealed("tool", b"reading,sensor=s%d temperature=4.5 1\n" % number, MS, NOW_MS)
        for number in range(20)
    ]
    await asyncio.gather(*writes)
    assert [seq for _, seq in door.stored()] == list(range(1, 21))
    again = door.open()
    await again.write_unsealed("tool", b"reading,sensor=z temperature=4.5 1\n", MS, NOW_MS)
    assert door.stored()[-1][1] == 21


async def test_a_large_body_is_split_into_batches(door: Door) -> None:
    lines = b"".join(b"reading,sensor=a temperature=4.5 %d\n" % number for number in range(12_000))
    await door.admission.write_unsealed("tool", lines, MS, NOW_MS)
    assert len(door.stored()) == 3
    assert len(reading_lines(door.bodies())) == 12_000


@settings(
    max_examples=rounds(25, 4000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=400))
def test_any_bytes_are_answered_and_what_is_stored_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, body: bytes
) -> None:
    door = Door(tmp_path_factory.mktemp("door"))
    asyncio.run(door.admission.write_unsealed("tool", body, MS, NOW_MS))
    assert not any(isinstance(line, BadLine) for line in parse(door.bodies()))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"reading temperature=4.5 1", "no tag"),
        (b'reading,sensor=a temperature="warm" 1', "temperature"),
        (b'reading,sensor=a note="text" 1', "note"),
        (b"reading,sensor=a temperature=true 1", "temperature"),
        (b"reading,sensor=a counter=1.5 1", "counter"),
        (b"mqtt,topic=a other=1 1", "no field that is mapped"),
        (b"mqtt temp=1 1", "no tag"),
    ],
)
async def test_a_line_that_makes_no_reading_says_why(door: Door, line: bytes, reason: str) -> None:
    written = await door.admission.write_unsealed("tool", line, MS, NOW_MS)
    assert reason in written.mistakes[0]
    assert door.stored() == []


async def test_numbers_take_the_kind_of_their_quantity(door: Door) -> None:
    body = b"reading,sensor=a temperature=4i,counter=17,door_open=true,own=3i 1\n"
    await door.admission.write_unsealed("tool", body, MS, NOW_MS)
    assert door.bodies() == b"reading,sensor=a temperature=4.0,counter=17i,door_open=true,own=3i 1\n"


async def test_many_strange_measurements_are_counted_in_bounds(door: Door) -> None:
    body = b"".join(b"m%d x=1 1\n" % number for number in range(500))
    await door.admission.write_unsealed("tool", body, MS, NOW_MS)
    assert sum(door.admission.unmapped.values()) == 500
    assert len(door.admission.unmapped) <= 51

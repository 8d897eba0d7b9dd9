"""Batches read as one body bring what each of them brings by itself, whatever stands in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from coldchain.lineprotocol import Line
from coldchain.seal import GENESIS, Key, seal
from coldchain_backend.judging.batches import Content, framed, read
from coldchain_backend.ledger import (
    BatchMeta,
    Grade,
    Kind,
    MarkName,
    NewRecord,
    Record,
    act_record,
    batch_record,
    mark_record,
)
from coldchain_backend.mirror.gathering import EVERYTHING, Gathered, gathered

T0 = 1_795_305_600_000
MINUTE = 60_000
KEYS = {name: Key.generate() for name in ("gw1", "gw2")}
Told = Counter[tuple[str, int, int, tuple[tuple[str, object], ...]]]


def record(offset: int, made: NewRecord, received_ms: int) -> Record:
    return Record(offset=offset, kind=made.kind, received_ms=received_ms, payload=made.payload, hash="0" * 64)


def batch(gateway: str, seq: int, body: bytes, *, grade: Grade = Grade.SEALED, run: str = "r") -> NewRecord:
    sealed = seal(KEYS[gateway], org="o", run=run, seq=seq, prev=GENESIS, body=body).encode()
    return batch_record(BatchMeta(gateway=gateway, run=run, seq=seq, grade=grade), sealed)


def minutes(number: int, *bodies: bytes) -> list[Record]:
    """Batches of one gateway, a minute apart."""
    return [
        record(index + 1, batch("gw1", number + index, body), T0 + index * MINUTE)
        for index, body in enumerate(bodies)
    ]


def said(sensor: str, at_ms: int, celsius: float = 4.0) -> bytes:
    return b"reading,sensor=%b temperature=%.1f %d\n" % (sensor.encode(), celsius, at_ms)


def groups(records: Sequence[Record]) -> list[Gathered]:
    return [one for one in gathered(records) if isinstance(one, Gathered)]


def readings(content: Content) -> Told:
    """Each reading of a content: sensor, time, rank and values."""
    return Counter(
        (sensor, at_ms, part.rank, tuple((name, values[index]) for name, values in part.fields.items()))
        for sensor, parts in content.readings.items()
        for part in parts
        for index, at_ms in enumerate(part.times)
    )


def of_each(group: Gathered) -> Told:
    told: Told = Counter()
    for one in group.records:
        told += readings(read(framed(one), EVERYTHING))
    return told


def test_batches_of_many_stamps_are_one_body() -> None:
    [group] = groups(minutes(1, *(said("a", T0 + minute * MINUTE) for minute in range(40))))
    content = group.content()
    assert content is not None
    assert content.readings["a"][0].times == [T0 + minute * MINUTE for minute in range(40)]


def test_marks_of_the_service_do_not_part_them_and_acts_do() -> None:
    first, second = minutes(1, said("a", T0), said("a", T0 + MINUTE))
    mark = record(9, mark_record(MarkName.ALIVE), T0)
    act = record(9, act_record("comment", "Li", {}), T0)
    assert len(groups([first, mark, second])) == 1
    found = list(gathered([first, act, second]))
    assert [isinstance(one, Gathered) for one in found] == [True, False, True]


def test_gateways_are_gathered_side_by_side() -> None:
    records = [
        record(offset, batch(name, turn, said(name, T0 + turn * MINUTE)), T0 + turn * MINUTE)
        for turn in range(1, 6)
        for offset, name in enumerate(("gw1", "gw2"), start=2 * turn)
    ]
    assert [len(one.records) for one in groups(records)] == [5, 5]


def test_a_number_left_out_another_run_or_grade_begins_anew() -> None:
    bodies = [said("a", T0 + turn) for turn in range(4)]
    made = [
        batch("gw1", 1, bodies[0]),
        batch("gw1", 3, bodies[1]),
        batch("gw1", 4, bodies[2], run="s"),
        batch("gw1", 5, bodies[3], run="s", grade=Grade.RECEIPT),
    ]
    assert [len(one.records) for one in groups([record(n, one, T0) for n, one in enumerate(made)])] == [1] * 4


def test_what_lies_ahead_of_its_own_stamp_is_read_by_itself() -> None:
    ahead = T0 + 12 * MINUTE
    records = minutes(1, said("a", T0), said("a", ahead), *(said("a", ahead + MINUTE) for _ in range(1)))
    late = record(4, batch("gw1", 4, said("a", T0 + 30 * MINUTE)), T0 + 30 * MINUTE)
    found = groups([*records, late])
    assert [one.content() for one in found] == [None]
    assert sum(len(one.records) for one in found) == 4
    assert [at_ms for _, at_ms, _, _ in of_each(found[0])] == [T0, T0 + 30 * MINUTE]


def test_lines_of_a_gateway_keep_their_stamps() -> None:
    stamps = [T0 + n * MINUTE for n in range(3)]
    bodies = [said("a", at) + b"gateway uptime_s=%di %d\n" % (n, at) for n, at in enumerate(stamps)]
    [group] = groups(minutes(1, *bodies))
    content = group.content()
    assert content is not None
    assert not content.others
    assert [(line.fields["uptime_s"], at_ms) for line, at_ms in group.others] == [*enumerate(stamps)]


BODIES = st.lists(
    st.one_of(
        st.builds(
            lambda sensor, back, celsius: said(sensor, T0 + back * MINUTE, celsius),
            st.sampled_from("ab"),
            st.integers(-30, 30),
            st.sampled_from((4.0, 5.0, 900.0)),
        ),
        st.sampled_from(
            [
                b"reading,sensor=a temperature=4i 1795305600000\n",
                b'reading,sensor=a temperature=4.5,quality="time-unsure" 1795305600000\n',
                b"reading,sensor=a temperature=4.5,quality=3 5\n",
                b"reading,sensor=a,place=x temperature=4.5 1795305600000\n",
                b"reading,sensor=a door_open=true 1795305600000\r\n",
                b"reading,sensor=a temperature=4.5\n",
                b"# a comment\n",
                b"\n",
                b"gateway uptime_s=3 1795305600000\n",
                b"hole,run=r first=1i,last=2i 1795305600000\n",
                b"\xff\xfe 12\n",
                b"reading,sensor=a \n",
            ]
        ),
    ),
    min_size=1,
    max_size=4,
).map(b"".join)


@given(bodies=st.lists(st.tuples(st.sampled_from(("gw1", "gw1", "gw2")), BODIES), min_size=1, max_size=8))
def test_together_they_bring_what_each_brings(bodies: list[tuple[str, bytes]]) -> None:
    numbers: Counter[str] = Counter()
    records = []
    for offset, (gateway, body) in enumerate(bodies, start=1):
        numbers[gateway] += 1
        records.append(record(offset, batch(gateway, numbers[gateway], body), T0 + offset * 5 * MINUTE))
    passed: list[int] = []
    for group in groups(records):
        passed += [one.offset for one in group.records]
        content = group.content()
        if content is not None:
            assert readings(content) == of_each(group)
            each: list[tuple[Line, int]] = [
                (line, one.received_ms)
                for one in group.records
                for line in read(framed(one), EVERYTHING).others
            ]
            assert group.others == each
    assert sorted(passed) == [one.offset for one in records]


def test_only_batches_and_acts_are_told() -> None:
    kinds = [kind for kind in Kind if kind not in {Kind.BATCH, Kind.MARK}]
    records = [
        Record(offset=n, kind=kind, received_ms=T0, payload=b"{}", hash="0" * 64)
        for n, kind in enumerate(kinds)
    ]
    assert list(gathered(records)) == records


@given(payload=st.sampled_from(("gateway", "run", "grade", "key", "prev", "length")), ends=st.booleans())
def test_a_glance_takes_nothing_that_the_ledgers_reader_would_take_otherwise(
    payload: str, *, ends: bool
) -> None:
    plain = batch("gw1", 1, said("a", T0)).payload
    changed = {
        "gateway": plain.replace(b'"gateway":"gw1"', '"gateway":"冷"'.encode()),
        "run": plain.replace(b'"run":"r"', b'"run":"\\u0072"'),
        "grade": plain.replace(b'"sealed"', b'"receipt"'),
        "key": plain.replace(b" gateway=", b" gateway=G"),
        "prev": plain.replace(b" prev=0", b" prev=g"),
        "length": plain + b"" if ends else plain[:-1],
    }[payload]
    [group] = groups([Record(offset=1, kind=Kind.BATCH, received_ms=T0, payload=changed, hash="0" * 64)])
    meta, seen = framed(group.records[0]).meta, group.sender
    assert (seen.gateway, seen.run, seen.grade) == (meta.gateway, meta.run, meta.grade.value)
    content = group.content()
    assert (readings(content) if content is not None else Counter()) == of_each(group)

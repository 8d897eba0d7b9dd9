"""Batch records: everything in them is either a reading, a gateway's own line, or counted with its reason."""

from hypothesis import given
from hypothesis import strategies as st

from coldchain.lineprotocol import encode
from coldchain.quantities import QUANTITIES
from coldchain.seal import GENESIS, Key, seal
from coldchain_backend.judging.batches import AHEAD_MS, Content, Unjudged, framed, read
from coldchain_backend.ledger import BatchMeta, Grade, NewRecord, Record, batch_record
from coldchain_backend.series.blocks import Origin, origin_of, quality_of

KEY = Key.from_seed(bytes(32))
NOW = 1_795_377_600_000


def placed(new: NewRecord) -> Record:
    """The record as the ledger would give it."""
    return Record(offset=1, kind=new.kind, received_ms=NOW, payload=new.payload, hash="0" * 64)


def content(body: bytes, grade: Grade = Grade.SEALED) -> Content:
    """What judging sees of a body."""
    batch = seal(KEY, org="demo", run="r", seq=1, prev=GENESIS, body=body)
    meta = BatchMeta(gateway="gw", run="r", seq=1, grade=grade)
    return read(framed(placed(batch_record(meta, batch.encode()))), {"s", "t"})


LINES = st.one_of(
    st.binary(max_size=40).filter(lambda line: b"\n" not in line),
    st.sampled_from(
        [
            b"reading,sensor=s temperature=4.5 1795377600000",
            b"reading,sensor=t temperature=4.5,humidity=200 1795377600000",
            b"reading,sensor=x temperature=4.5 1795377600000",
            b"reading,sensor=s temperature=4i 1795377600000",
            b"reading,sensor=s temperature=true 1795377600000",
            b"reading,sensor=s colour=3 1795377600000",
            b"reading,sensor=s temperature=4.5 99999999999999999",
            b"reading,sensor=s temperature=4.5",
            b"gateway outbox_batches=1i 1795377600000",
            b"# a comment",
            b"",
        ]
    ),
)


@given(st.lists(LINES, max_size=20))
def test_no_line_raises_and_every_value_is_possible(lines: list[bytes]) -> None:
    found = content(b"\n".join(lines) + b"\n")
    for sensor, parts in found.readings.items():
        assert sensor in {"s", "t"}
        for part in parts:
            assert list(part.times) == sorted(part.times)
            assert all(0 <= time_ms <= NOW + AHEAD_MS for time_ms in part.times)
            assert part.fields
            for name, values in part.fields.items():
                assert len(values) == len(part.times)
                assert all(QUANTITIES[name].possible(value) for value in values)
    assert set(found.samples) == set(found.unjudged)


@given(st.lists(st.tuples(st.sampled_from("stx"), st.integers(-5, 30)), min_size=1, max_size=30))
def test_readings_in_and_counts_out_add_up(said: list[tuple[str, int]]) -> None:
    lines = [
        encode("reading", {"sensor": name}, {"temperature": 4.5}, NOW + minute * 60_000)
        for name, minute in said
    ]
    found = content(b"\n".join(lines) + b"\n")
    kept = sum(len(part.times) for parts in found.readings.values() for part in parts)
    assert kept + sum(found.unjudged.values()) == len(said)
    assert found.unjudged[Unjudged.UNKNOWN_SENSOR] == sum(name == "x" for name, _ in said)


def test_quality_and_grade_become_the_rank() -> None:
    body = b'reading,sensor=s temperature=4.5,quality="time-unsure",time_lower=1i,time_upper=2i %d\n' % NOW
    [sealed] = content(body).readings["s"]
    [receipt] = content(body, Grade.RECEIPT).readings["s"]
    assert quality_of(sealed.rank).value == quality_of(receipt.rank).value == "time-unsure"
    assert (origin_of(sealed.rank), origin_of(receipt.rank)) == (Origin.SEALED, Origin.RECEIPT)
    assert sealed.fields == {"temperature": [4.5]}


def test_an_impossible_value_leaves_the_others_of_its_line() -> None:
    found = content(b"reading,sensor=s temperature=900,humidity=50 %d\n" % NOW)
    assert found.readings["s"][0].fields == {"humidity": [50.0]}
    assert found.samples[Unjudged.IMPOSSIBLE_VALUE] == "s temperature=900.0"


def test_a_quality_that_nobody_knows_is_unsure() -> None:
    [one] = content(b'reading,sensor=s temperature=4.5,quality="splendid" %d\n' % NOW).readings["s"]
    assert quality_of(one.rank).value == "time-unsure"


def test_what_cannot_be_framed_is_counted() -> None:
    meta = BatchMeta(gateway="gw", run="r", seq=1)
    found = read(framed(placed(batch_record(meta, b"not a batch"))), {"s"})
    assert found.unjudged == {Unjudged.UNFRAMED: 1}

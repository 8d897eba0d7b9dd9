"""The snapshot of ingest comes back as it was, or not at all; tables of unsealed writes without a door."""

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.seal import MAX_BYTES, MAX_LINES, encode_public, fingerprint
from coldchain_backend.fleet import LineMapping
from coldchain_backend.ingest import snapshot
from coldchain_backend.ingest.hashes import WIDTH, BatchHashes
from coldchain_backend.ingest.keys import AdmittedBy, GatewayKey, GatewayKeys
from coldchain_backend.ingest.sequences import RunState, Sequences
from coldchain_backend.ingest.unsealed import Precision, bodies, read_unsealed
from coldchain_backend.ledger import Interval, Run
from support.lines import reading_lines

HASH = st.binary(min_size=32, max_size=32).map(bytes.hex)
TIMES = st.integers(0, 2**53)
KEYS = st.lists(
    st.builds(
        GatewayKey,
        name=st.text(st.characters(codec="utf-8"), max_size=20),
        public=st.binary(min_size=32, max_size=32),
        by=st.sampled_from(AdmittedBy),
        admitted_ms=TIMES,
        revoked_ms=st.none() | TIMES,
        reason=st.text(st.characters(codec="utf-8"), max_size=20),
    ),
    max_size=4,
    unique_by=lambda key: key.public,
)

MAPPING = LineMapping(measurement="mqtt", sensor_tag="topic", fields={"temp": "temperature", "n": "counter"})


@st.composite
def states(draw: st.DrawFn) -> RunState:
    run = Run()
    for seq in draw(st.lists(st.integers(1, 30) | st.just(2**63 - 1), unique=True, max_size=12)):
        run.add(seq, draw(st.none() | HASH), draw(HASH))
    others = draw(st.sets(st.binary(min_size=WIDTH, max_size=WIDTH), max_size=3))
    return RunState(run=run, named_head=draw(st.none() | st.integers(1, 2**63 - 1)), others=others)


RUNS = st.dictionaries(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), states(), max_size=4)


def sequences(folder: Path) -> Sequences:
    return Sequences(BatchHashes(folder / "hashes"))


def seen(them: Sequences) -> list[tuple[str, str, tuple[Interval, ...], int | None, set[bytes]]]:
    return [(gw, run, one.run.intervals, one.named_head, one.others) for gw, run, one in them.items()]


@given(KEYS, RUNS, st.integers(0, 2**62))
def test_what_is_known_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    keys: list[GatewayKey],
    runs: dict[tuple[str, str], RunState],
    offset: int,
) -> None:
    folder = tmp_path_factory.getbasetemp()
    before, after = sequences(folder), sequences(folder)
    for (gateway, run), state in runs.items():
        before.restore(gateway, run, state)
    snapshot.save(folder / "s.json", "demo", offset, GatewayKeys(keys), before)
    known = snapshot.load(folder / "s.json", "demo", after)
    assert (known.offset, list(known.keys)) == (offset, keys)
    assert seen(after) == seen(before)
    assert all(after.held(gateway) == before.held(gateway) for gateway in "ab")


def written(folder: Path) -> dict[str, object]:
    """A snapshot with one key and one run."""
    them = sequences(folder)
    state = RunState(run=Run([Interval(first=1, last=9, prev=None, hash="00" * 32)]))
    them.restore(fingerprint(bytes(32)), "r1", state)
    keys = GatewayKeys([GatewayKey(name="gw", public=bytes(32), by=AdmittedBy.CODE, admitted_ms=5)])
    snapshot.save(folder / "s.json", "demo", 77, keys, them)
    document: dict[str, object] = orjson.loads((folder / "s.json").read_bytes())
    return document


KEY = {"name": "gw", "public": encode_public(bytes(32)), "by": "code", "admitted_ms": 5, "revoked_ms": None}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", 2),
        ("organisation", "other"),
        ("offset", None),
        ("offset", "far"),
        ("keys", 5),
        ("keys", ["gw"]),
        ("keys", [KEY]),
        ("keys", [{**KEY, "reason": "", "by": "nobody"}]),
        ("runs", None),
        ("runs", [["gw"]]),
        ("runs", [["gw", "r2", None, []]]),
        ("runs", [["gw", "r2", None, ["zz"], []]]),
        ("runs", [["gw", "r2", None, [], [[1, 2, None]]]]),
        ("runs", [["gw", "r2", None, {}, []]]),
        ("runs", [["gw", "r2", None, [], [["one", 2, None, ""], [3, 4, None, ""]]]]),
        ("runs", [["gw", "r2", None, [], []], ["gw", "r3"]]),
    ],
)
def test_a_snapshot_with_one_wrong_part_is_as_none(tmp_path: Path, name: str, value: object) -> None:
    (tmp_path / "s.json").write_bytes(orjson.dumps(written(tmp_path) | {name: value}))
    after = sequences(tmp_path)
    assert snapshot.load(tmp_path / "s.json", "demo", after) == snapshot.Known(offset=0, keys=())
    assert seen(after) == []


def test_a_snapshot_without_a_wrong_part_is_taken_and_only_by_its_organisation(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_bytes(orjson.dumps(written(tmp_path)))
    after = sequences(tmp_path)
    known = snapshot.load(tmp_path / "s.json", "demo", after)
    assert (known.offset, [key.name for key in known.keys]) == (77, ["gw"])
    assert after.held(fingerprint(bytes(32))) == [("r1", 9)]
    assert snapshot.load(tmp_path / "s.json", "Demo", after).offset == 0


def test_a_snapshot_that_is_cut_anywhere_is_as_none(tmp_path: Path) -> None:
    whole = orjson.dumps(written(tmp_path))
    for kept in range(0, len(whole), 7):
        (tmp_path / "s.json").write_bytes(whole[:kept])
        assert snapshot.load(tmp_path / "s.json", "demo", sequences(tmp_path)).offset == 0


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_without_a_file_nothing_is_known(tmp_path: Path, name: str) -> None:
    assert snapshot.load(tmp_path / name, "demo", sequences(tmp_path)).offset == 0


@pytest.mark.parametrize(
    ("precision", "time", "wanted"),
    [("ns", 1_999_999, 1), ("ns", -1, -1), ("us", 1_999, 1), ("us", -1_001, -2), ("ms", -7, -7),
     ("s", 2, 2_000), ("s", -2, -2_000)],
)  # fmt: skip
def test_times_are_cut_to_the_millisecond_they_lie_in(precision: str, time: int, wanted: int) -> None:
    assert Precision(precision).to_ms(time) == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (b"mqtt,topic=a temp=4i 1", b"reading,sensor=a temperature=4.0 1"),
        (b"mqtt,topic=a n=17.0 1", b"reading,sensor=a counter=17i 1"),
        (b'mqtt,topic=a temp=4.5,note="x" 1', b"reading,sensor=a temperature=4.5 1"),
        (b"mqtt,topic=a,sensor=b temp=4.5", b"reading,sensor=a temperature=4.5 99"),
        (b"reading,sensor=b,host=h temperature=4.5 1", b"reading,sensor=b temperature=4.5 1"),
    ],
)
def test_a_line_becomes_this_reading(line: bytes, wanted: bytes) -> None:
    received = read_unsealed(line + b"\n", Precision.MS, [MAPPING], 99)
    assert (received.lines, received.bad, received.empty) == ([wanted], [], False)


@pytest.mark.parametrize("field", [b"n=1.5", b"n=true", b'temp="4"', b"temp=true", b"other=1"])
def test_a_mapped_field_of_the_wrong_kind_makes_no_reading(field: bytes) -> None:
    received = read_unsealed(b"mqtt,topic=a " + field + b" 1\n", Precision.MS, [MAPPING], 99)
    assert (received.empty, len(received.bad), received.unmapped) == (True, 1, {})


@given(st.lists(st.sampled_from([1, 40, 60_000, 400_000]), max_size=40), st.integers(0, 2 * MAX_LINES + 1))
def test_bodies_keep_every_line_within_the_bounds_of_a_seal(sizes: list[int], short: int) -> None:
    lines = [b"x" * size for size in sizes] + [b"y"] * short
    cut = list(bodies(lines))
    assert b"".join(cut) == b"".join(line + b"\n" for line in lines)
    assert all(len(body) <= MAX_BYTES and 1 <= body.count(b"\n") <= MAX_LINES for body in cut)


def test_what_is_made_can_be_read_again() -> None:
    received = read_unsealed(b"mqtt,topic=a\\ b temp=4i 1\n", Precision.MS, [MAPPING], 99)
    (reading,) = reading_lines(next(bodies(received.lines)))
    assert reading.tags["sensor"] == "a b"

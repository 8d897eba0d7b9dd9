"""What is kept and read again: bodies of chunks, the head beside the key, bounds of the time."""

import json
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain_gateway.clock_trust import (
    Bounds,
    ClockTrust,
    TrustSource,
    chosen_offset,
    date_bounds,
    narrowed,
)
from coldchain_gateway.health import Growth
from coldchain_gateway.identity import HEAD_FILE, HeadFile, KeptHead
from coldchain_gateway.outbox.chunks import (
    CHUNK_BYTES,
    CHUNK_LINES,
    decode_entries,
    encode_entry,
    session_number,
    split_into_bodies,
)
from coldchain_gateway.outbox.contract import Entry
from coldchain_gateway.outbox.database import DIGEST_BYTES, SHELF, Shelved
from support.still_clock import StillClock

instants = st.integers(0, 2**62)
entries = st.builds(
    Entry,
    line=st.binary(max_size=80).map(lambda line: line.replace(b"\n", b"")),
    boot_ms=instants,
    source_ms=st.none() | st.integers(-(2**62), 2**62),
    history=st.just(False),
) | st.builds(
    Entry,
    line=st.binary(max_size=80).map(lambda line: line.replace(b"\n", b"")),
    boot_ms=instants,
    source_ms=st.integers(-(2**62), 2**62),
    history=st.booleans(),
)
bounds = st.builds(
    lambda low, width, seen: Bounds(low=low, high=low + width, seen_boot_ms=seen),
    st.integers(-(10**12), 10**12),
    st.integers(0, 10**5),
    st.integers(0, 10**9),
)
heads = st.builds(
    KeptHead,
    run=st.text(max_size=20),
    seq=st.integers(0, 2**62),
    hash=st.text("0123456789abcdef", max_size=64),
)


# A loaded machine draws slowly; that says nothing about the code.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(entries, max_size=20))
def test_entries_come_back_as_they_were_kept(kept: list[Entry]) -> None:
    assert list(decode_entries(b"".join(map(encode_entry, kept)))) == kept


@pytest.mark.parametrize(
    "line", [b"", b" ", b"a b=1 17", b"a b=1 17s18", b"a b=1 17h18", b"s", b"h", 'm,s=冷 t="a b" '.encode()]
)
def test_a_line_that_ends_like_a_stamp_is_not_taken_for_one(line: bytes) -> None:
    for source_ms in (None, 0, 1_795_376_523_000):
        entry = Entry(line=line, boot_ms=5, source_ms=source_ms)
        assert list(decode_entries(encode_entry(entry))) == [entry]


def test_a_stamp_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        list(decode_entries(b"a b=1 \n"))


@pytest.mark.parametrize("count", [0, 1, CHUNK_LINES - 1, CHUNK_LINES, CHUNK_LINES + 1, 3 * CHUNK_LINES])
def test_bodies_hold_every_line_once_and_say_their_first_instant(count: int) -> None:
    kept = [Entry(line=b"a b=1", boot_ms=at) for at in range(count)]
    bodies = list(split_into_bodies(kept))
    assert [entry for _, _, body in bodies for entry in decode_entries(body)] == kept
    assert len(bodies) == -(-count // CHUNK_LINES)
    for first_ms, lines, body in bodies:
        found = list(decode_entries(body))
        assert (first_ms, lines) == (found[0].boot_ms, len(found))


@given(st.lists(st.integers(1, CHUNK_BYTES), max_size=8))
def test_a_body_passes_its_bound_by_one_line_at_most(sizes: list[int]) -> None:
    kept = [Entry(line=b"x" * size, boot_ms=7) for size in sizes]
    for _, _, body in split_into_bodies(kept):
        last = body.splitlines(keepends=True)[-1]
        assert len(body) - len(last) < CHUNK_BYTES


@given(st.dictionaries(st.integers(0, SHELF - 1), st.binary(min_size=DIGEST_BYTES, max_size=DIGEST_BYTES)))
def test_a_shelf_of_an_older_file_holds_every_digest_in_its_place(digests: dict[int, bytes]) -> None:
    shelved = Shelved()
    for place, digest in digests.items():
        shelved.step(place, int.from_bytes(digest, "big", signed=True))
    shelf = shelved.finalize()
    assert len(shelf) == SHELF * DIGEST_BYTES
    found = {place: shelf[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES] for place in range(SHELF)}
    assert found == {place: bytes(DIGEST_BYTES) for place in range(SHELF)} | digests


@given(st.text(max_size=20))
def test_a_number_for_a_session_fits_the_column(session: str) -> None:
    assert -(2**63) <= session_number(session) < 2**63


@given(head=heads, above=st.integers(1, 100))
def test_the_kept_head_is_read_again_and_covers_no_more(head: KeptHead, above: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        HeadFile(Path(folder)).keep(head)
        found = HeadFile(Path(folder))
    assert found.head == head
    assert found.covers(head.run, head.seq)
    assert not found.covers(head.run, head.seq + above)


def test_only_the_newest_head_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    head_file = HeadFile(tmp_path)
    for seq in (1, 2, 3):
        head_file.keep(KeptHead(run="r", seq=seq, hash="00"))
    assert json.loads((tmp_path / HEAD_FILE).read_bytes()) == {"run": "r", "seq": 3, "hash": "00"}
    assert [path.name for path in tmp_path.iterdir()] == [HEAD_FILE]
    assert stat.S_IMODE((tmp_path / HEAD_FILE).stat().st_mode) == 0o600


def test_a_head_that_could_not_be_kept_covers_nothing(tmp_path: Path) -> None:
    head_file = HeadFile(tmp_path / "missing")
    with pytest.raises(OSError, match="missing"):
        head_file.keep(KeptHead(run="r", seq=1, hash="00"))
    assert head_file.head is None
    assert not head_file.covers("r", 1)


@given(bounds, bounds)
def test_the_newer_answer_is_never_widened(old: Bounds, new: Bounds) -> None:
    both = narrowed(old, new)
    assert new.low <= both.low <= both.high <= new.high
    assert both.seen_boot_ms == new.seen_boot_ms


@given(bounds, st.none() | st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_the_offset_is_always_within_the_bounds(said: Bounds, current: int | None, wall: int) -> None:
    assert said.low <= chosen_offset(said, current, wall) <= said.high
    assert chosen_offset(said, said.low, said.high) == said.low
    assert chosen_offset(said, None, said.high) == said.high


@pytest.mark.parametrize("date", ["", "soon", "1795376523", "Thu, 99 Jan 1970 00:00:00 GMT"])
def test_what_is_no_date_vouches_for_nothing(date: str) -> None:
    trust = ClockTrust(StillClock(), lambda: False)
    trust.answered(date, 0, 10)
    assert date_bounds(date, 0, 10) is None
    assert (trust.source, trust.offset_ms(), trust.now_ms()) == (TrustSource.NOBODY, None, None)


def test_the_kernel_is_asked_once_a_second_at_most() -> None:
    asked: list[int] = []
    clock = StillClock()

    def flag() -> bool:
        asked.append(clock.ns)
        return False

    trust = ClockTrust(clock, flag)
    for _ in range(30):
        trust.offset_ms()
        clock.advance(100)
    assert len(asked) == 3


@given(grown=st.integers(1, 10**9), room=st.integers(-(10**9), 10**12), minutes=st.integers(1, 10**4))
def test_hours_until_full_are_never_below_zero(grown: int, room: int, minutes: int) -> None:
    growth = Growth()
    assert growth.hours_until_full(5, room, 0) is None
    assert growth.hours_until_full(5 + grown, room, 59_999) is None
    hours = growth.hours_until_full(5 + grown, room, minutes * 60_000)
    assert hours == pytest.approx(max(0, room) * minutes / 60 / grown, rel=1e-9, abs=0.06)
    assert growth.hours_until_full(5, room, minutes * 60_000) is None

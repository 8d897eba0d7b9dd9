"""One suite for every outbox: what `outbox/contract.py` promises."""

import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from coldchain.seal import GENESIS
from coldchain_gateway.outbox import (
    Entry,
    Group,
    Head,
    HeldFate,
    Hole,
    HoleReason,
    NewBatch,
    Outbox,
    OutboxFull,
    SqliteOutbox,
)
from coldchain_gateway.outbox.contract import NOTED_EVERY_MS
from support.memory_outbox import MemoryOutbox

RUN = "0123abcd-run"


@pytest.fixture(params=["sqlite", "memory"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Outbox]:
    made: Outbox = SqliteOutbox(tmp_path / "outbox.sqlite") if request.param == "sqlite" else MemoryOutbox()
    yield made
    made.close()


def group(*lines: bytes, boot: str = "boot-1", boot_ms: int = 1000, **more: object) -> Group:
    entries = [Entry(line=line, boot_ms=boot_ms + index) for index, line in enumerate(lines)]
    return Group(boot=boot, boot_ms=boot_ms + len(lines), trusted=True, entries=entries, **more)  # type: ignore[arg-type]


def digest_of(seq: int) -> str:
    return f"{seq:064x}"


def seal_next(outbox: Outbox, *, declares: Sequence[Hole] = (), chunks: Sequence[int] = ()) -> Head:
    """Seal one more batch of the newest run, with a body that names it."""
    before = outbox.head()
    assert before is not None
    head = Head(run=before.run, seq=before.seq + 1, hash=digest_of(before.seq + 1))
    encoded = b"batch %d " % head.seq + random.Random(head.seq).randbytes(10_000)
    outbox.seal(
        NewBatch(
            head=head, chunks=chunks, declares=declares, lines=1, encoded=encoded, closed_ms=1000 + head.seq
        )
    )
    return head


def filled(outbox: Outbox, count: int) -> None:
    outbox.begin_run(RUN, ())
    for _ in range(count):
        seal_next(outbox)


def waiting_seqs(outbox: Outbox) -> list[int]:
    return [batch.seq for batch in outbox.waiting(1000, 1 << 30, frozenset())]


def acknowledge(outbox: Outbox, *seqs: int, now_ms: int = 5000) -> None:
    ids = [batch.id for batch in outbox.waiting(1000, 1 << 30, frozenset()) if batch.seq in seqs]
    outbox.acknowledge(ids, now_ms)


def test_kept_lines_come_back_in_order_with_their_boot_times(outbox: Outbox) -> None:
    outbox.commit(group(b"a x=1", b"b x=2"))
    outbox.commit(group(b"c x=3", boot_ms=2000))
    first, second = outbox.unsealed(100, 10_000)
    assert (first.body, second.body) == (b"a x=1 1000\nb x=2 1001\n", b"c x=3 2000\n")
    assert (first.lines, second.lines) == (2, 1)
    assert outbox.pending().lines == 3
    assert outbox.pending().oldest_boot_ms == 1000


def test_a_source_time_is_kept_beside_the_boot_time(outbox: Outbox) -> None:
    entry = Entry(line=b"a x=1", boot_ms=7, source_ms=1_795_376_523_000)
    outbox.commit(Group(boot="b", boot_ms=7, trusted=False, entries=[entry]))
    (chunk,) = outbox.unsealed(10, 1000)
    assert chunk.body == b"a x=1 7s1795376523000\n"
    assert not chunk.trusted


def test_unsealed_gives_whole_chunks_within_both_bounds_and_at_least_one(outbox: Outbox) -> None:
    for _ in range(3):
        outbox.commit(group(b"a x=1", b"b x=2"))
    assert len(outbox.unsealed(4, 10_000)) == 2
    assert len(outbox.unsealed(1, 10_000)) == 1
    assert len(outbox.unsealed(100, 1)) == 1


def test_a_message_is_remembered_until_its_packet_id_comes_again(outbox: Outbox) -> None:
    outbox.commit(group(b"a x=1", messages={"s": {5: b"12345678"}}))
    assert outbox.remembered("s", 5) == b"12345678"
    assert outbox.remembered("s", 6) is None
    assert outbox.remembered("other", 5) is None
    outbox.commit(group(messages={"s": {5: b"\xffbcdefgh"}}))
    assert outbox.remembered("s", 5) == b"\xffbcdefgh"


@pytest.mark.parametrize("seed", range(5))
def test_each_packet_id_keeps_its_newest_message_whatever_its_neighbours_do(
    outbox: Outbox, seed: int
) -> None:
    chance, newest = random.Random(seed), dict[int, bytes]()
    for number in range(12):
        first, count = chance.randrange(200), chance.choice((1, 3, 16, 70))
        told = {packet_id: chance.randbytes(8) for packet_id in range(first, first + count)}
        outbox.commit(group(b"a x=%d" % number, messages={"s": told}))
        newest |= told
    for packet_id in range(300):
        assert outbox.remembered("s", packet_id) == newest.get(packet_id)


def test_a_lost_session_is_forgotten_before_the_messages_of_its_group(outbox: Outbox) -> None:
    outbox.commit(group(messages={"s": {5: b"12345678"}}))
    outbox.commit(group(forget=["s"], messages={"s": {6: b"abcdefgh"}}))
    assert outbox.remembered("s", 5) is None
    assert outbox.remembered("s", 6) == b"abcdefgh"


def test_boots_stand_in_their_order_with_what_bounds_them(outbox: Outbox) -> None:
    outbox.trust("boot-1", 500)
    outbox.commit(group(b"a x=1", boot="boot-1", boot_ms=NOTED_EVERY_MS))
    outbox.commit(group(b"a x=2", boot="boot-2", boot_ms=50))
    outbox.commit(group(b"a x=3", boot="boot-2", boot_ms=40))
    known = [(boot.boot, boot.last_ms, boot.offset_ms) for boot in outbox.boots()]
    assert known == [("boot-1", NOTED_EVERY_MS + 1, 500), ("boot-2", 51, None)]


def test_the_latest_instant_of_a_boot_is_noted_in_steps_and_never_falls(outbox: Outbox) -> None:
    noted = []
    for boot_ms in (7, NOTED_EVERY_MS, NOTED_EVERY_MS + 6, NOTED_EVERY_MS + 7, 5, 2 * NOTED_EVERY_MS + 8):
        outbox.commit(group(b"a x=1", boot_ms=boot_ms))
        noted += [boot.last_ms for boot in outbox.boots()]
    # `group` commits one millisecond after its line came.
    assert noted == [8, 8, 8, NOTED_EVERY_MS + 8, NOTED_EVERY_MS + 8, 2 * NOTED_EVERY_MS + 9]


def test_boots_that_bound_nothing_any_more_are_forgotten(outbox: Outbox) -> None:
    outbox.trust("boot-1", 500)
    outbox.trust("boot-2", 900)
    outbox.commit(group(b"a x=1", boot="boot-3"))
    outbox.trust("boot-4", 1300)
    assert [boot.boot for boot in outbox.boots()] == ["boot-2", "boot-3", "boot-4"]


def test_sealing_takes_the_chunks_and_moves_the_head_in_one_step(outbox: Outbox) -> None:
    assert outbox.head() is None
    outbox.begin_run(RUN, ())
    assert outbox.head() == Head(run=RUN, seq=0, hash=GENESIS)
    outbox.commit(group(b"a x=1"))
    outbox.commit(group(b"b x=1"))
    first, _ = outbox.unsealed(10, 1000)
    head = seal_next(outbox, chunks=[first.id])
    assert outbox.head() == head
    assert [chunk.body for chunk in outbox.unsealed(10, 1000)] == [b"b x=1 1000\n"]
    (batch,) = outbox.waiting(10, 1 << 20, frozenset())
    assert zlib.decompress(batch.gzip, wbits=31).startswith(b"batch 1 ")


def test_ids_are_never_used_twice(outbox: Outbox) -> None:
    filled(outbox, 1)
    (first,) = outbox.waiting(10, 1 << 20, frozenset())
    outbox.acknowledge([first.id], 1)
    outbox.expire(10)
    seal_next(outbox)
    newest = outbox.newest(first.id)
    assert newest is not None
    assert newest.seq == 2


def test_waiting_is_oldest_first_within_both_bounds(outbox: Outbox) -> None:
    filled(outbox, 5)
    assert waiting_seqs(outbox) == [1, 2, 3, 4, 5]
    assert [batch.seq for batch in outbox.waiting(2, 1 << 20, frozenset())] == [1, 2]
    assert [batch.seq for batch in outbox.waiting(9, 1, frozenset())] == [1]
    first = outbox.waiting(1, 1, frozenset())[0]
    assert [batch.seq for batch in outbox.waiting(2, 1 << 20, frozenset({first.id}))] == [2, 3]


def test_the_newest_waiting_batch_is_found(outbox: Outbox) -> None:
    filled(outbox, 3)
    newest = outbox.newest(0)
    assert newest is not None
    assert newest.seq == 3
    assert outbox.newest(newest.id) is None
    acknowledge(outbox, 3)
    again = outbox.newest(0)
    assert again is not None
    assert again.seq == 2


def test_what_is_acknowledged_is_kept_until_it_expires(outbox: Outbox) -> None:
    filled(outbox, 3)
    acknowledge(outbox, 1, 2, now_ms=5000)
    assert waiting_seqs(outbox) == [3]
    assert outbox.counts().acknowledged_batches == 2
    assert outbox.expire(5000) == 0
    assert outbox.expire(5001) == 2
    assert outbox.counts().acknowledged_batches == 0


def test_a_refused_batch_is_a_dead_letter_and_its_number_a_hole(outbox: Outbox) -> None:
    filled(outbox, 3)
    outbox.refuse(outbox.waiting(1, 1, frozenset())[0].id)
    assert waiting_seqs(outbox) == [2, 3]
    assert outbox.undeclared() == [
        Hole(run=RUN, first=1, last=1, hash=digest_of(1), reason=HoleReason.REFUSED)
    ]
    assert outbox.counts().refused_batches == 1


def test_a_declared_hole_is_declared_again_when_its_batch_is_given_up(outbox: Outbox) -> None:
    filled(outbox, 1)
    outbox.refuse(outbox.waiting(1, 1, frozenset())[0].id)
    (hole,) = outbox.undeclared()
    seal_next(outbox, declares=[hole])
    assert outbox.undeclared() == []
    outbox.refuse(outbox.waiting(1, 1, frozenset())[0].id)
    (both,) = outbox.undeclared()
    assert (both.first, both.last, both.hash) == (1, 2, digest_of(2))


def test_a_predecessors_hole_waits_for_the_first_batch_of_the_new_run(outbox: Outbox) -> None:
    hole = Hole(run="lost-run", first=1, last=9, hash=digest_of(9), reason=HoleReason.LOST)
    outbox.begin_run(RUN, [hole])
    assert outbox.undeclared() == [hole]


def test_held_that_rises_is_only_noted(outbox: Outbox) -> None:
    filled(outbox, 4)
    acknowledge(outbox, 1, 2, 4)
    assert outbox.held(RUN, 2) is HeldFate.NOTED
    assert waiting_seqs(outbox) == [3]
    assert outbox.held("unknown", 1) is HeldFate.UNKNOWN_RUN


def test_held_that_falls_unsends_everything_above_it(outbox: Outbox) -> None:
    filled(outbox, 4)
    acknowledge(outbox, 1, 2, 3, 4)
    assert outbox.held(RUN, 4) is HeldFate.NOTED
    assert outbox.held(RUN, 1) is HeldFate.FALLEN
    assert waiting_seqs(outbox) == [2, 3, 4]
    assert outbox.undeclared() == []


def test_held_below_the_newest_acknowledged_without_a_backlog_unsends(outbox: Outbox) -> None:
    filled(outbox, 4)
    acknowledge(outbox, 1, 2, 3, 4)
    assert outbox.held(RUN, 2) is HeldFate.STUCK
    assert waiting_seqs(outbox) == [3, 4]


def test_what_fell_and_is_no_longer_kept_becomes_a_hole(outbox: Outbox) -> None:
    filled(outbox, 3)
    acknowledge(outbox, 1, 2, now_ms=100)
    acknowledge(outbox, 3, now_ms=900)
    outbox.held(RUN, 3)
    outbox.expire(500)
    assert outbox.held(RUN, 0) is HeldFate.FALLEN
    assert waiting_seqs(outbox) == [3]
    assert outbox.undeclared() == [Hole(run=RUN, first=1, last=2, hash=digest_of(2), reason=HoleReason.LOST)]


def test_shrinking_drops_acknowledged_first_then_the_oldest_as_holes(outbox: Outbox) -> None:
    filled(outbox, 30)
    acknowledge(outbox, 20, 21)
    before = outbox.counts().used_bytes
    few = outbox.shrink(before - 100, unsealed=True)
    assert few.acknowledged_batches >= 1
    assert few.holes == 0
    rest = outbox.shrink(before // 2, unsealed=True)
    assert rest.holes > 0
    assert outbox.counts().acknowledged_batches == 0
    (hole,) = outbox.undeclared()
    assert (hole.first, hole.last, hole.reason) == (1, rest.holes, HoleReason.CAP)
    assert waiting_seqs(outbox)[-1] == 30


def test_unsealed_lines_go_last_and_are_counted(outbox: Outbox) -> None:
    outbox.begin_run(RUN, ())
    outbox.commit(group(*(b"line x=%d" % number for number in range(3000))))
    assert outbox.shrink(0, unsealed=False).unsealed_lines == 0
    assert outbox.shrink(0, unsealed=True).unsealed_lines == 3000


def test_beyond_its_limit_nothing_is_kept_and_nothing_is_lost(outbox: Outbox) -> None:
    outbox.commit(group(b"a x=1"))
    outbox.limit(outbox.room().file_bytes, 64 * 1024)
    with pytest.raises(OutboxFull):
        outbox.commit(group(*(b"much x=%d" % number for number in range(30_000))))
    assert outbox.pending().lines == 1
    outbox.limit(1 << 40, 1 << 22)
    outbox.commit(group(b"b x=1"))
    assert outbox.pending().lines == 2


def test_a_further_uplink_has_its_own_progress_and_sees_every_batch_once(outbox: Outbox) -> None:
    filled(outbox, 3)
    acknowledge(outbox, 1, 3)
    seen = []
    while (batch := outbox.sealed_after(outbox.progress("influx"))) is not None:
        seen.append(batch.seq)
        outbox.proceed("influx", batch.id)
    assert seen == [1, 2, 3]
    assert waiting_seqs(outbox) == [2]
    assert outbox.progress("other") == 0


def test_urgent_batches_are_found_by_themselves(outbox: Outbox) -> None:
    filled(outbox, 2)
    head = Head(run=RUN, seq=3, hash=digest_of(3))
    outbox.seal(NewBatch(head=head, chunks=(), declares=(), lines=1, encoded=b"x", closed_ms=1, urgent=True))
    seal_next(outbox)
    newest, urgent = outbox.newest(0), outbox.newest(0, urgent=True)
    assert newest is not None
    assert urgent is not None
    assert (newest.seq, urgent.seq) == (4, 3)
    acknowledge(outbox, 3)
    assert outbox.newest(0, urgent=True) is None


def test_missing_numbers_of_a_run_are_found_whatever_is_known_of_it(outbox: Outbox) -> None:
    filled(outbox, 4)
    assert outbox.missing(RUN, 6, "h") == [Hole(run=RUN, first=5, last=6, hash="h", reason=HoleReason.LOST)]
    assert outbox.missing("elsewhere", 2, "h") == [
        Hole(run="elsewhere", first=1, last=2, hash="h", reason=HoleReason.LOST)
    ]
    assert outbox.missing(RUN, 4, digest_of(4)) == []


def test_dead_letters_go_before_what_waits(outbox: Outbox) -> None:
    filled(outbox, 20)
    outbox.refuse(outbox.waiting(1, 1, frozenset())[0].id)
    dropped = outbox.shrink(outbox.room().used_bytes - 100, unsealed=True)
    assert (dropped.dead_letters, dropped.holes) == (1, 0)
    assert outbox.undeclared()[0].reason is HoleReason.REFUSED


def test_counts_tell_the_backlog(outbox: Outbox) -> None:
    filled(outbox, 3)
    acknowledge(outbox, 1)
    outbox.commit(group(b"a x=1"))
    counts = outbox.counts()
    assert (counts.waiting_batches, counts.waiting_lines, counts.unsealed_lines) == (2, 2, 1)
    assert counts.oldest_waiting_ms == 1002


def every_state(outbox: Outbox) -> list[Callable[[], object]]:
    return [outbox.pending, outbox.head, outbox.boots, outbox.undeclared, outbox.counts]


def test_an_empty_outbox_answers_everything(outbox: Outbox) -> None:
    for ask in every_state(outbox):
        ask()
    assert outbox.newest(0) is None
    assert outbox.waiting(1, 1, frozenset()) == []
    assert outbox.unsealed(1, 1) == []

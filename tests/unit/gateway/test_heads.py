"""Held numbers over the answers of two lanes, which may overtake each other."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from coldchain_gateway.outbox import Head, NewBatch
from coldchain_gateway.uplink.heads import Heads
from support.memory_outbox import MemoryOutbox

RUN = "0123abcd-run"


def acknowledged(count: int) -> MemoryOutbox:
    outbox = MemoryOutbox()
    outbox.begin_run(RUN, ())
    for seq in range(1, count + 1):
        head = Head(run=RUN, seq=seq, hash=f"{seq:064x}")
        outbox.seal(NewBatch(head=head, chunks=(), declares=(), lines=1, encoded=b"x", closed_ms=seq))
    outbox.acknowledge([batch.id for batch in outbox.waiting(count, 1 << 30, frozenset())], 1)
    return outbox


def waiting(outbox: MemoryOutbox) -> list[int]:
    return [batch.seq for batch in outbox.waiting(100, 1 << 30, frozenset())]


def test_a_fall_sends_what_is_above_again() -> None:
    outbox = acknowledged(5)
    heads = Heads(outbox)
    assert not heads.answered([(RUN, 5)], 0, 10)
    assert heads.answered([(RUN, 3)], 20, 30)
    assert waiting(outbox) == [4, 5]
    assert heads.unsent_again == 1


def test_an_answer_that_was_overtaken_is_not_a_fall() -> None:
    outbox = acknowledged(5)
    heads = Heads(outbox)
    heads.answered([(RUN, 5)], 5, 10)
    assert not heads.answered([(RUN, 4)], 0, 20)
    assert waiting(outbox) == []


def test_a_backend_that_keeps_falling_is_served_less_and_less_often() -> None:
    outbox = acknowledged(5)
    heads = Heads(outbox)
    heads.answered([(RUN, 5)], 0, 0)
    times = []
    for now in range(1_000, 100_000, 1_000):
        if heads.answered([(RUN, 0)], now - 1, now):
            times.append(now)
            outbox.acknowledge([batch.id for batch in outbox.waiting(9, 1 << 30, frozenset())], now)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert gaps == sorted(gaps)
    assert gaps[0] >= 5_000
    assert len(times) < 7


def test_an_unknown_run_is_nothing_of_ours() -> None:
    assert not Heads(acknowledged(1)).answered([("elsewhere", 0)], 0, 1)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 100), st.integers(0, 100)), max_size=20))
def test_whatever_is_said_nothing_below_held_is_ever_sent_again(said: list[tuple[int, int, int]]) -> None:
    outbox = acknowledged(5)
    heads = Heads(outbox)
    lowest = 5
    for held, sent_ms, took_ms in said:
        heads.answered([(RUN, held)], sent_ms, sent_ms + took_ms)
        lowest = min(lowest, held)
    assert all(seq > lowest for seq in waiting(outbox))

"""How long a lane rests and how much it sends, over any run of outcomes; and what one request holds."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_gateway.outbox import CorruptOutbox, Waiting
from coldchain_gateway.uplink.outcome import (
    MAX_RETRY_AFTER_MS,
    Outcome,
    OutcomeKind,
    held_heads,
    read_outcome,
    retry_after_ms,
)
from coldchain_gateway.uplink.pace import GROW_AFTER, JITTER, MAX_BATCHES, UNREACHABLE, UNWILLING, Pace
from coldchain_gateway.uplink.sender import request_body

REACHED = (OutcomeKind.ACCEPTED, OutcomeKind.PARTLY)
SHUT = tuple(kind for kind in OutcomeKind if kind not in REACHED)
outcomes = st.builds(
    Outcome,
    kind=st.sampled_from(OutcomeKind),
    retry_after_ms=st.none() | st.integers(0, MAX_RETRY_AFTER_MS),
)
chances = st.floats(0, 1)
paces = st.builds(
    Pace,
    not_before_ms=st.integers(0, 10**9),
    failures=st.integers(0, 100),
    max_batches=st.integers(1, MAX_BATCHES),
    successes=st.integers(0, 2 * GROW_AFTER),
)


def waiting(number: int, packed: bytes) -> Waiting:
    return Waiting(id=number, run="run", seq=number, closed_ms=number, gzip=packed)


@given(steps=st.lists(st.tuples(outcomes, st.integers(1, MAX_BATCHES), chances), max_size=80))
def test_whatever_happens_a_lane_sends_something_and_comes_back(
    steps: list[tuple[Outcome, int, float]],
) -> None:
    pace, now = Pace(), 1_000
    longest = max(MAX_RETRY_AFTER_MS, round(UNWILLING.cap_ms * (1 + JITTER)))
    for outcome, wanted, chance in steps:
        pace = pace.after(outcome, min(wanted, pace.max_batches), now, chance)
        assert 1 <= pace.max_batches <= MAX_BATCHES
        assert pace.not_before_ms <= now + longest
        now = max(now, pace.not_before_ms)


@given(pace=paces, kind=st.sampled_from(REACHED), chance=chances)
def test_a_request_that_got_through_opens_the_way_at_once(
    pace: Pace, kind: OutcomeKind, chance: float
) -> None:
    after = pace.after(Outcome(kind=kind, retry_after_ms=60_000), 1, 5_000, chance)
    assert (after.not_before_ms, after.failures) == (0, 0)
    assert after.max_batches in {pace.max_batches, min(MAX_BATCHES, 2 * pace.max_batches)}


@given(pace=paces, kind=st.sampled_from(SHUT), now=st.integers(0, 10**9), chance=chances)
def test_a_failure_is_counted_and_waited_for_within_its_jitter(
    pace: Pace, kind: OutcomeKind, now: int, chance: float
) -> None:
    after = pace.after(Outcome(kind=kind), 1, now, chance)
    backoff = UNREACHABLE if kind is OutcomeKind.UNREACHABLE else UNWILLING
    plain = backoff.delay_ms(pace.failures)
    assert abs(after.not_before_ms - now - plain) <= round(plain * JITTER)
    assert (after.failures, after.successes) == (pace.failures + 1, 0)
    assert after.max_batches == pace.max_batches


@given(pace=paces, chance=chances, asked=st.integers(0, 5_000))
def test_who_takes_a_part_and_asks_for_patience_is_asked_again_soon(
    pace: Pace, chance: float, asked: int
) -> None:
    partly = Outcome(kind=OutcomeKind.THROTTLED, held=frozenset({("run", 1)}), retry_after_ms=asked)
    after = pace.after(partly, 2, 0, chance)
    assert asked <= after.not_before_ms <= max(asked, round(UNWILLING.base_ms * (1 + JITTER)))
    assert after.failures == 1


@given(pace=paces, kind=st.sampled_from(SHUT), asked=st.integers(0, MAX_RETRY_AFTER_MS), chance=chances)
def test_no_one_comes_back_before_the_server_asked(
    pace: Pace, kind: OutcomeKind, asked: int, chance: float
) -> None:
    assert pace.after(Outcome(kind=kind, retry_after_ms=asked), 1, 700, chance).not_before_ms >= 700 + asked


@given(pace=paces, sent=st.integers(2, MAX_BATCHES), now=st.integers(0, 10**9))
def test_a_request_too_large_is_halved_without_a_rest(pace: Pace, sent: int, now: int) -> None:
    after = pace.after(Outcome(kind=OutcomeKind.TOO_LARGE), sent, now, 1.0)
    assert (after.max_batches, after.not_before_ms, after.failures) == (sent // 2, now, pace.failures)


def test_a_failure_in_between_starts_the_count_to_growth_again() -> None:
    pace = Pace(max_batches=4, successes=GROW_AFTER - 1)
    shaken = pace.after(Outcome(kind=OutcomeKind.FAILED), 1, 0, 0.5)
    assert pace.after(Outcome(kind=OutcomeKind.ACCEPTED), 1, 0, 0.5).max_batches == 8
    assert shaken.after(Outcome(kind=OutcomeKind.ACCEPTED), 1, 0, 0.5).max_batches == 4


@pytest.mark.parametrize(
    ("header", "heads"),
    [
        ("", ()),
        ("run", ()),
        (":5", ()),
        ("run:", ()),
        ("run:-1", ()),
        ("run:1.5", ()),
        ("run:" + "9" * 19, ()),
        ("run:" + "9" * 18, (("run", 10**18 - 1),)),
        ("a:b:7", (("a:b", 7),)),
        (" a:1 ,, nonsense , b:0 ", (("a", 1), ("b", 0))),
    ],
)
def test_heads_that_cannot_be_read_are_passed_over(header: str, heads: tuple[tuple[str, int], ...]) -> None:
    assert held_heads(header) == heads


@pytest.mark.parametrize("header", ["", "-5", "1.5", "5 s", "Thu, 99 Jan 1970 00:00:00 GMT"])
def test_a_retry_after_that_cannot_be_meant_is_none(header: str) -> None:
    assert retry_after_ms(header, 0) is None


def test_a_date_that_has_passed_is_no_wait() -> None:
    assert retry_after_ms("Thu, 01 Jan 1970 00:00:09 GMT", 9_001) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b'"x"',
        b'{"batches":{}}',
        b'{"batches":[1,null,{"seq":"1","run":"run","fate":"stored"}]}',
    ],
)
def test_an_error_document_of_another_shape_decides_nothing(body: bytes) -> None:
    outcome = read_outcome(503, {}, body, [("run", 1), ("run", 2)], 0)
    assert (outcome.held, outcome.refused) == (frozenset(), frozenset())


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5))
def test_a_request_is_one_gzip_stream_of_its_batches_in_order(texts: list[bytes]) -> None:
    body = request_body([waiting(at, gzip.compress(text)) for at, text in enumerate(texts)])
    assert gzip.decompress(body) == b"".join(texts)


@pytest.mark.parametrize("damage", [b"", b"no gzip", gzip.compress(b"whole", mtime=0)[:-9]])
def test_one_damaged_batch_is_told_before_anything_is_sent(damage: bytes) -> None:
    with pytest.raises(CorruptOutbox):
        request_body([waiting(1, gzip.compress(b"sound")), waiting(2, damage)])

"""What an answer means, and when a lane tries again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_gateway.uplink.outcome import (
    MAX_RETRY_AFTER_MS,
    Outcome,
    OutcomeKind,
    held_heads,
    read_outcome,
    retry_after_ms,
    unreachable,
)
from coldchain_gateway.uplink.pace import GROW_AFTER, MAX_BATCHES, Pace

SENT = [("run", 1), ("run", 2), ("run", 3)]


def answer(status: int, fates: dict[int, str] | None = None, **headers: str) -> Outcome:
    batches = [{"run": "run", "seq": seq, "fate": fate, "message": ""} for seq, fate in (fates or {}).items()]
    body = json.dumps({"code": "x", "message": "because", "batches": batches}).encode()
    return read_outcome(status, {k.replace("_", "-"): v for k, v in headers.items()}, body, SENT, 0)


def test_204_holds_everything_and_names_heads_and_watch() -> None:
    outcome = answer(204, coldchain_held="run:3,old-run:17", coldchain_watch="v7")
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert outcome.held == frozenset(SENT)
    assert outcome.heads == (("run", 3), ("old-run", 17))
    assert outcome.watch == "v7"


def test_422_with_fates_divides_the_batches() -> None:
    outcome = answer(422, {1: "stored", 2: "refused_hash", 3: "duplicate"})
    assert outcome.kind is OutcomeKind.PARTLY
    assert outcome.held == {("run", 1), ("run", 3)}
    assert outcome.refused == {("run", 2)}


def test_422_without_a_word_on_which_sends_fewer_until_one_is_alone() -> None:
    assert answer(422).kind is OutcomeKind.TOO_LARGE
    alone = read_outcome(422, {}, b"", [("run", 1)], 0)
    assert alone.refused == {("run", 1)}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 429, 500, 502, 503, 301, 200])
def test_no_other_answer_loses_or_refuses_a_batch(status: int) -> None:
    outcome = answer(status)
    assert not outcome.held
    assert not outcome.refused
    assert not outcome.reached


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, OutcomeKind.DENIED),
        (403, OutcomeKind.DENIED),
        (404, OutcomeKind.DENIED),
        (413, OutcomeKind.TOO_LARGE),
        (429, OutcomeKind.THROTTLED),
        (503, OutcomeKind.THROTTLED),
        (500, OutcomeKind.FAILED),
    ],
)
def test_every_status_has_its_word(status: int, kind: OutcomeKind) -> None:
    assert answer(status).kind is kind


def test_503_may_say_that_some_are_stored_already() -> None:
    outcome = answer(503, {1: "stored", 2: "later"}, retry_after="4")
    assert outcome.held == {("run", 1)}
    assert outcome.retry_after_ms == 4000


def test_fates_of_batches_that_were_not_sent_are_ignored() -> None:
    assert not answer(422, {9: "refused_hash"}).refused


def test_retry_after_is_seconds_or_a_date_and_bounded() -> None:
    assert retry_after_ms("7", 0) == 7000
    assert retry_after_ms("Thu, 01 Jan 1970 00:00:09 GMT", 2000) == 7000
    assert retry_after_ms("99999999999999", 0) == MAX_RETRY_AFTER_MS
    assert retry_after_ms("soon", 0) is None
    assert retry_after_ms(None, 0) is None


@given(st.integers(100, 599), st.binary(max_size=200), st.text(max_size=40), st.text(max_size=20))
def test_any_answer_at_all_is_read(status: int, body: bytes, held: str, after: str) -> None:
    headers = {"coldchain-held": held, "retry-after": after}
    outcome = read_outcome(status, headers, body, SENT, 0)
    assert outcome.refused == frozenset()
    assert not outcome.held or status == 204
    assert all(number >= 0 for _, number in held_heads(held))


def test_an_unreachable_backend_is_probed_every_two_seconds_at_most() -> None:
    pace = Pace()
    now = 0
    for _ in range(10):
        pace = pace.after(unreachable("refused"), 1, now, 1.0)
        assert pace.not_before_ms - now <= 2400
        now = pace.not_before_ms


def test_an_unwilling_one_is_pestered_less_and_less() -> None:
    pace = Pace()
    waits = []
    for _ in range(10):
        pace = pace.after(answer(403), 1, 0, 0.5)
        waits.append(pace.not_before_ms)
    assert waits == sorted(waits)
    assert waits[-1] == 60_000


def test_retry_after_is_honoured() -> None:
    assert Pace().after(answer(429, retry_after="30"), 1, 1000, 0.0).not_before_ms == 31_000


def test_413_halves_and_successes_grow_again() -> None:
    pace = Pace().after(answer(413), MAX_BATCHES, 0, 0.5)
    assert pace.max_batches == MAX_BATCHES // 2
    assert pace.not_before_ms == 0
    for _ in range(GROW_AFTER):
        pace = pace.after(answer(204), 1, 0, 0.5)
    assert pace.max_batches == MAX_BATCHES


def test_413_for_a_single_batch_waits_and_keeps_it() -> None:
    pace = Pace().after(answer(413), 1, 0, 0.5)
    assert pace.max_batches == MAX_BATCHES
    assert pace.not_before_ms > 0


def test_success_forgets_the_failures() -> None:
    pace = Pace().after(answer(500), 1, 0, 0.5).after(answer(204), 1, 5, 0.5)
    assert (pace.failures, pace.not_before_ms) == (0, 0)

"""Deliveries for people: found by what they ask, shown with every attempt, queued again under the same id."""

import pytest

from coldchain.errors import InvalidInput
from coldchain_backend.alerts import Delivery
from coldchain_backend.delivery.endpoints import Standing
from coldchain_backend.delivery.queue import DeliveryState
from coldchain_backend.delivery.standings import Known, LastTest
from coldchain_backend.judging.contracts import Progress
from coldchain_backend.sql import Books, Database, DeliveryQueue, Letters, StandingBook
from coldchain_backend.sql.letters import MAX_REPLAYED, Wanted

DEAD, DELIVERED, QUEUED = DeliveryState.DEAD, DeliveryState.DELIVERED, DeliveryState.QUEUED


@pytest.fixture
def queue(database: Database) -> DeliveryQueue:
    """Three alerts to two receivers, queued at 0, 1000 and 2000; those of r went out badly."""
    books = Books(database)
    books.begin()
    for number in range(3):
        for receiver in ("r", "q"):
            books.put_delivery(
                Delivery(id=f"{receiver}{number}", alert=f"a{number}", sequence=1, receiver=receiver,
                         at_ms=number * 1000, due_ms=number * 1000, body=b"{}", critical=number == 0)
            )  # fmt: skip
    books.commit(Progress())
    books.close()
    queue = DeliveryQueue(database)
    for number in range(2):
        queue.postponed(f"r{number}", 3000, 4000, "HTTP 503")
        queue.dead(f"r{number}", 5000, "HTTP 404: no such hook")
    queue.delivered("q0", 3000, "HTTP 204")
    return queue


def ids(database: Database, **wanted: object) -> list[str]:
    return sorted(one.id for one in Letters(database).listed(Wanted(**wanted)))  # type: ignore[arg-type]  # fields of a wish


def test_they_are_found_by_what_is_asked(database: Database, queue: DeliveryQueue) -> None:
    assert ids(database, receiver="r", state=DEAD) == ["r0", "r1"]
    assert ids(database, alert="a2") == ["q2", "r2"]
    assert ids(database, from_ms=1000, to_ms=2000) == ["q1", "r1"]
    assert ids(database, ids=("q0", "nobody")) == ["q0"]
    assert [one.id for one in Letters(database).listed(Wanted(), 2)] == ["q2", "r2"]
    assert Letters(database).counts()[("r", DEAD)] == 2


def test_the_oldest_that_waits_after_a_failure_says_why(database: Database, queue: DeliveryQueue) -> None:
    letters = Letters(database)
    assert letters.failing() == {}, "what was never tried is not failing"
    for id in ("q2", "q1"):
        queue.postponed(id, 3000, 4000, f"HTTP 503 of {id}")
    [(receiver, oldest)] = letters.failing().items()
    assert (receiver, oldest.id, oldest.last_error) == ("q", "q1", "HTTP 503 of q1")


def test_one_is_shown_with_every_attempt(database: Database, queue: DeliveryQueue) -> None:
    found = Letters(database).shown("r0")
    assert found is not None
    letter, body, attempts = found
    assert (letter.state, letter.critical, letter.attempts, body) == (DEAD, True, 2, b"{}")
    assert [(one.number, one.at_ms, one.outcome, one.detail) for one in attempts] == [
        (1, 3000, "failed", "HTTP 503"),
        (2, 5000, "dead", "HTTP 404: no such hook"),
    ]
    assert Letters(database).shown("nobody") is None


@pytest.mark.acceptance("T16")
def test_dead_letters_of_a_range_go_out_again_under_the_same_ids(
    database: Database, queue: DeliveryQueue
) -> None:
    letters = Letters(database)
    assert letters.replay(Wanted(receiver="r", from_ms=0, to_ms=1000), 9000) == 1
    again = queue.lease("r", 9000, 9999, 9, due_only=True)
    assert [(one.id, one.attempts) for one in again] == [("r0", 0), ("r2", 0)]
    assert letters.replay(Wanted(receiver="r", from_ms=0, to_ms=1000), 9000) == 0
    assert letters.replay(Wanted(alert="a1"), 9000) == 1
    queue.delivered("r0", 9500, "HTTP 200")
    found = letters.shown("r0")
    assert found is not None
    assert [one.outcome for one in found[2]] == ["failed", "dead", "delivered"]


def test_what_arrived_goes_out_again_only_where_it_is_asked_for(
    database: Database, queue: DeliveryQueue
) -> None:
    letters = Letters(database)
    assert letters.replay(Wanted(ids=("q0",)), 9000) == 0
    assert letters.replay(Wanted(ids=("q0",), state=DELIVERED), 9000) == 1
    assert "q0" in [one.id for one in queue.lease("q", 9000, 9999, 9, due_only=True)]


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(state=DEAD), Wanted(receiver="r", state=QUEUED)])
def test_a_replay_that_nothing_bounds_or_of_what_waits_is_refused(
    database: Database, queue: DeliveryQueue, wanted: Wanted
) -> None:
    with pytest.raises(InvalidInput):
        Letters(database).replay(wanted, 9000)
    assert MAX_REPLAYED == 10_000


def test_a_standing_and_a_test_are_kept_beside_each_other(database: Database) -> None:
    book = StandingBook(database)
    assert book.known("r") is None
    tested = LastTest(at_ms=5, by="wang.li", arrived=False, detail="HTTP 404")
    gone = Known(receiver="r", settings="abc", standing=Standing.DISABLED, since_ms=7, reason="HTTP 410")
    book.tested("r", tested)
    book.stands(gone)
    book.tested("q", tested)
    assert book.known("r") == Known(
        receiver="r", settings="abc", standing=Standing.DISABLED, since_ms=7, reason="HTTP 410", tested=tested
    )
    assert [one.receiver for one in book.everyone()] == ["q", "r"]
    book.stands(Known(receiver="r", since_ms=8))
    assert book.known("r") == Known(receiver="r", since_ms=8, tested=tested)

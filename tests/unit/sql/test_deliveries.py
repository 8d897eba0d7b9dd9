"""The queue: only the head of each alert is given out, to one holder at a time, and nothing is lost."""

from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from coldchain_backend.alerts import Delivery
from coldchain_backend.judging.contracts import Progress
from coldchain_backend.sql import Books, Database, DeliveryQueue, schema

LEASE = 60
NUMBERS = count()


def put(database: Database, *rows: tuple[str, str, int]) -> DeliveryQueue:
    """Queue (receiver, alert, sequence) at time 0."""
    books = Books(database)
    books.begin()
    for receiver, alert, sequence in rows:
        name = f"{receiver} {alert} {sequence}"
        books.put_delivery(
            Delivery(
                id=name, alert=alert, sequence=sequence, receiver=receiver, at_ms=0, due_ms=0, body=b"{}"
            )
        )
    books.commit(Progress())
    books.close()
    return DeliveryQueue(database)


def lease(
    queue: DeliveryQueue, receiver: str, now_ms: int, limit: int = 10, *, due_only: bool = True
) -> list[str]:
    """Ids of what is given out."""
    found = queue.lease(receiver, now_ms, now_ms + LEASE, limit, due_only=due_only)
    return [one.id for one in found]


def test_only_the_head_of_each_alert_is_given_out(database: Database) -> None:
    queue = put(database, ("r", "a", 1), ("r", "a", 2), ("r", "b", 1), ("q", "a", 1))
    assert lease(queue, "r", 0) == ["r a 1", "r b 1"]
    queue.delivered("r a 1", 1)
    assert lease(queue, "r", 1) == ["r a 2"]
    assert lease(queue, "q", 1) == ["q a 1"]


def test_a_lease_keeps_others_away_until_it_ends(database: Database) -> None:
    queue = put(database, ("r", "a", 1))
    assert lease(queue, "r", 0) == ["r a 1"]
    assert lease(queue, "r", LEASE - 1) == []
    assert lease(queue, "r", LEASE) == ["r a 1"]
    queue.free()
    assert lease(queue, "r", LEASE + 1) == ["r a 1"]


def test_leases_of_another_holder_stay_and_its_outcomes_count_once(database: Database) -> None:
    first = put(database, ("r", "a", 1), ("r", "a", 2))
    second = DeliveryQueue(database, "other")
    assert lease(first, "r", 0) == ["r a 1"]
    second.free()
    assert lease(second, "r", 1) == []
    assert lease(second, "r", LEASE) == ["r a 1"]  # the first took too long
    first.postponed("r a 1", LEASE, 10 * LEASE, "HTTP 503")
    assert lease(first, "r", LEASE + 1) == []  # it is the second's
    second.delivered("r a 1", LEASE + 2)
    first.dead("r a 1", LEASE + 3, "HTTP 404")
    assert lease(first, "r", LEASE + 4) == ["r a 2"]
    with database.read() as connection:
        states = connection.execute(select(schema.delivery.c.state).where(schema.delivery.c.sequence == 1))
        assert states.scalars().all() == ["delivered"]


def test_what_was_postponed_waits_and_a_probe_does_not(database: Database) -> None:
    queue = put(database, ("r", "a", 1), ("r", "a", 2))
    lease(queue, "r", 0)
    queue.postponed("r a 1", 1, 500, "HTTP 503")
    assert lease(queue, "r", 499) == []
    assert lease(queue, "r", 499, 1, due_only=False) == ["r a 1"]
    queue.postponed("r a 1", 499, 900, "HTTP 503")
    queue.release("r", 600)
    assert lease(queue, "r", 600) == ["r a 1"]


def test_a_dead_letter_lets_the_next_go(database: Database) -> None:
    queue = put(database, ("r", "a", 1), ("r", "a", 2))
    queue.dead("r a 1", 1, "HTTP 404")
    assert lease(queue, "r", 2) == ["r a 2"]


def test_the_same_delivery_again_changes_nothing(database: Database) -> None:
    queue = put(database, ("r", "a", 1))
    queue.delivered("r a 1", 1)
    put(database, ("r", "a", 1))
    assert queue.waiting(2) == []


def test_waiting_tells_how_many_since_when_and_how_often_it_was_tried(database: Database) -> None:
    queue = put(database, ("r", "a", 1), ("r", "a", 2), ("r", "b", 1))
    queue.postponed("r a 1", 1, 700, "HTTP 503")
    [one] = queue.waiting(2)
    assert (one.receiver, one.count, one.oldest_ms, one.due_ms, one.attempts) == ("r", 2, 0, 0, 1)
    queue.postponed("r b 1", 1, 300, "HTTP 503")
    assert queue.waiting(2)[0].due_ms == 300


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["delivered", "postponed", "dead"]), st.integers(0, 20)), max_size=40
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_whatever_happens_each_alert_goes_out_in_order(
    database: Database, actions: list[tuple[str, int]]
) -> None:
    receiver = f"r{next(NUMBERS)}"
    alerts = [f"{receiver}-{letter}" for letter in "ab"]
    queue = put(database, *[(receiver, alert, number) for alert in alerts for number in (1, 2, 3)])
    out: dict[str, list[int]] = {alert: [] for alert in alerts}
    now_ms = 0
    for action, pause in actions:
        now_ms += pause
        for one in queue.lease(receiver, now_ms, now_ms, 1, due_only=True):
            if action == "postponed":
                queue.postponed(one.id, now_ms, now_ms + 10, "no")
                continue
            out[one.alert].append(one.sequence)
            if action == "delivered":
                queue.delivered(one.id, now_ms)
            else:
                queue.dead(one.id, now_ms, "no")
    for sequences in out.values():
        assert sequences == list(range(1, len(sequences) + 1))

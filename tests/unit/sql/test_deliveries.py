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


def put(database: Database, *rows: tuple[str, str, int], critical: bool = False) -> DeliveryQueue:
    """Queue (receiver, alert, sequence) at time 0."""
    books = Books(database)
    books.begin()
    for receiver, alert, sequence in rows:
        name = f"{receiver} {alert} {sequence}"
        books.put_delivery(
            Delivery(
                id=name,
                alert=alert,
                sequence=sequence,
                receiver=receiver,
                at_ms=0,
                due_ms=0,
                body=b"{}",
                critical=critical,
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


def test_a_dead_letter_lets_the_next_go_where_the_receiver_knows_the_alert(database: Database) -> None:
    queue = put(database, ("r", "a", 1), ("r", "a", 2), ("r", "a", 3))
    queue.delivered("r a 1", 1)
    queue.dead("r a 2", 1, "HTTP 404")
    assert lease(queue, "r", 2) == ["r a 3"]


def test_what_follows_a_dead_fire_is_dead_too_so_that_nobody_hears_an_end_alone(database: Database) -> None:
    queue = put(database, ("r", "a", 1), ("r", "a", 2), ("r", "b", 1), ("q", "a", 1))
    queue.dead("r a 1", 1, "HTTP 404")
    assert lease(queue, "r", 2) == ["r b 1"]
    assert lease(queue, "q", 2) == ["q a 1"]


def test_criticals_are_given_out_first_and_others_only_so_many(database: Database) -> None:
    queue = put(database, ("r", "a", 1), ("r", "b", 1))
    put(database, ("r", "z", 1), critical=True)
    assert queue.waiting(0)[0].critical
    assert [one.critical for one in queue.lease("r", 0, LEASE, 5, due_only=True, others=0)] == [True]
    assert lease(queue, "r", 0) == ["r a 1", "r b 1"]
    queue.free()
    assert [one.id for one in queue.lease("r", 0, LEASE, 5, due_only=True, others=2)] == ["r z 1", "r a 1"]
    queue.free()
    assert lease(queue, "r", 0, 1) == ["r z 1"]


def test_parts_that_arrived_are_remembered(database: Database) -> None:
    queue = put(database, ("r", "a", 1))
    lease(queue, "r", 0)
    queue.postponed("r a 1", 1, 5, "zhao.min: HTTP 503", frozenset({"to-0", "wang.li"}))
    [one] = queue.lease("r", 5, 9, 1, due_only=True)
    assert one.reached == {"to-0", "wang.li"}


def test_a_receiver_that_is_switched_off_holds_its_rows_until_it_is_on_again(database: Database) -> None:
    queue = put(database, ("r", "a", 1), ("r", "b", 1), ("q", "a", 1))
    assert queue.hold("r", "HTTP 410") == 2
    assert queue.hold("r", "HTTP 410") == 0
    assert [one.receiver for one in queue.waiting(0)] == ["q"]
    assert queue.unhold("r", 7) == 2
    assert lease(queue, "r", 7) == ["r a 1", "r b 1"]


def test_leases_and_due_times_of_a_clock_that_was_ahead_are_mended(database: Database) -> None:
    queue = put(database, ("r", "a", 1), ("r", "b", 1), ("r", "c", 1))
    queue.lease("r", 1000, 9_000_000, 1, due_only=True)
    queue.postponed("r b 1", 1000, 9_000_000, "no")
    queue.postponed("r c 1", 1000, 60_000, "no")
    assert queue.mend(50, 1000, 100_000) == 2
    assert lease(queue, "r", 50) == ["r a 1", "r b 1"]
    assert queue.mend(50, 1000, 100_000) == 0


def test_when_a_receiver_was_sent_something_is_known_after_a_restart(database: Database) -> None:
    queue = put(database, ("r", "a", 1), ("q", "a", 1))
    queue.postponed("r a 1", 10, 20, "no")
    queue.delivered("r a 1", 20, "HTTP 204")
    queue.delivered("q a 1", 5)
    assert {name: sorted(times) for name, times in queue.attempted(6).items()} == {"r": [10, 20]}


def test_criticals_that_do_not_arrive_are_named_once(database: Database) -> None:
    queue = put(database, ("r", "a", 1))
    put(database, ("r", "b", 1), ("q", "b", 1), critical=True)
    queue.delivered("q b 1", 1)
    assert [one.id for one in queue.overdue(0, 10)] == ["r b 1"]
    assert queue.overdue(-1, 10) == []
    queue.hold("r", "HTTP 410")
    [held] = queue.overdue(-1, 10)
    assert (held.alert, held.receiver, held.sequence, held.reason) == ("b", "r", 1, "HTTP 410")
    queue.announced([held.id])
    assert queue.overdue(10, 10) == []


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

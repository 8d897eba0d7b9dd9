"""Commit, then acknowledge; redeliveries once, equal new messages always, nothing without room."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, Intake, MqttDelivery, NotKept, Sample
from coldchain_gateway.intake import GatewayIntake, Hooks
from coldchain_gateway.intake.committer import QUEUE_ITEMS, QUEUE_NOTES
from coldchain_gateway.intake.draft import Acknowledge
from coldchain_gateway.outbox import Group, OutboxFull
from support.memory_outbox import MemoryOutbox
from support.still_clock import StillClock

SESSION = "broker:1883/gateway"


class Desk:
    """An intake over an outbox in memory, committed by hand."""

    def __init__(self, outbox: MemoryOutbox | None = None) -> None:
        self.outbox = outbox or MemoryOutbox()
        self.hurried = 0
        self.relieved = 0
        self.acknowledged: list[str] = []
        self.intake = GatewayIntake(
            outbox=self.outbox,
            clock=StillClock(),
            boot="boot-1",
            trusted=lambda: True,
            hooks=Hooks(committed=lambda _: None, hurry=self._hurry, relieve=self._relieve),
        )

    def _hurry(self) -> None:
        self.hurried += 1

    def _relieve(self) -> None:
        self.relieved += 1

    def message(self, packet_id: int, payload: str, *, dup: bool = False) -> None:
        """A QoS 1 message whose reading's sensor is the payload."""
        self.intake.offer(
            acquired(
                payload, told_by(packet_id, payload, lambda _: self.acknowledged.append(payload), dup=dup)
            )
        )

    def commit(self) -> None:
        self.intake.commit_all()

    def kept(self) -> list[str]:
        """Sensors of all lines kept, in order."""
        bodies = b"".join(chunk.body for chunk in self.outbox.unsealed(10**9, 10**9))
        return [line.split(b"sensor=")[1].split(b" ")[0].decode() for line in bodies.splitlines()]


def told_by(packet_id: int, payload: str, acknowledge: Acknowledge, *, dup: bool = False) -> MqttDelivery:
    digest = payload.encode().ljust(8, b".")
    return MqttDelivery(session=SESSION, packet_id=packet_id, dup=dup, digest=digest, acknowledge=acknowledge)


def acquired(sensor: str, delivery: MqttDelivery | None = None) -> Acquired:
    return Acquired(
        source="zigbee",
        decoded=[Sample(sensor=sensor, values={"temperature": 0.0})],
        boottime_ns=5_000_000,
        wall_ms=0,
        delivery=delivery,
    )


class FullOutbox(MemoryOutbox):
    """Has no room for as many commits as it was told, and then has."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals = refusals

    def commit(self, group: Group) -> None:
        if self.refusals:
            self.refusals -= 1
            raise OutboxFull("database or disk is full")
        super().commit(group)


def test_nothing_is_acknowledged_before_the_commit() -> None:
    desk = Desk()
    desk.message(1, "a")
    assert desk.acknowledged == []
    desk.commit()
    assert desk.acknowledged == ["a"]
    assert desk.kept() == ["a"]


def test_a_redelivery_is_acknowledged_and_not_taken_twice() -> None:
    desk = Desk()
    desk.message(7, "a")
    desk.commit()
    desk.message(7, "a", dup=True)
    desk.commit()
    assert desk.kept() == ["a"]
    assert desk.acknowledged == ["a", "a"]
    assert desk.intake.redelivered == 1


def test_a_redelivery_is_known_after_a_crash_and_within_one_group() -> None:
    desk = Desk()
    desk.message(7, "a")
    desk.message(7, "a", dup=True)
    desk.commit()
    after_crash = Desk(desk.outbox)
    after_crash.message(7, "a", dup=True)
    after_crash.commit()
    assert after_crash.kept() == ["a"]


def test_an_equal_new_message_is_never_swallowed() -> None:
    desk = Desk()
    for _ in range(3):
        desk.message(7, "a")
        desk.commit()
    desk.message(8, "a", dup=True)
    desk.commit()
    assert desk.kept() == ["a"] * 4


def test_another_message_under_the_same_packet_id_is_new_also_with_the_flag() -> None:
    desk = Desk()
    desk.message(7, "a")
    desk.commit()
    desk.message(7, "b", dup=True)
    desk.commit()
    assert desk.kept() == ["a", "b"]


@pytest.mark.parametrize("commit_between", [True, False])
def test_after_a_lost_session_the_flag_meets_no_old_memory(*, commit_between: bool) -> None:
    desk = Desk()
    desk.message(7, "a")
    desk.commit()
    told: list[str] = []
    desk.intake.forget(SESSION, lambda: told.append("subscribe"))
    if commit_between:
        desk.commit()
        assert told == ["subscribe"]
    desk.message(7, "a", dup=True)
    desk.commit()
    assert desk.kept() == ["a", "a"]
    assert told == ["subscribe"]


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from("ab"), st.sampled_from(["ack lost", "acked"])),
        max_size=30,
    ),
    st.integers(1, 4),
)
def test_each_message_of_the_broker_is_kept_once(
    messages: list[tuple[int, str, str]], commit_every: int
) -> None:
    """A broker sends; where it did not hear the acknowledgement it sends again, with the flag, at once."""
    desk = Desk()
    for number, (packet_id, payload, fate) in enumerate(messages):
        desk.message(packet_id, payload)
        if fate == "ack lost":
            desk.message(packet_id, payload, dup=True)
        if number % commit_every == 0:
            desk.commit()
    desk.commit()
    assert desk.kept() == [payload for _, payload, _ in messages]


def test_refusals_are_counted_by_source_and_reason_and_the_message_is_acknowledged() -> None:
    desk = Desk()
    told: list[int] = []
    refusal = Refusal(reason=RefusalReason.SENTINEL, detail="-127", raw=b"-127")
    both = Acquired(
        source="bus",
        decoded=[refusal, Sample(sensor="a", values={"t": float("nan")})],
        boottime_ns=1,
        wall_ms=0,
        delivery=told_by(9, "both", told.extend),
    )
    desk.intake.offer(both)
    desk.commit()
    assert desk.intake.refusals() == {("bus", "sentinel"): 1, ("bus", "bad_value"): 1}
    assert told == [9]
    assert desk.kept() == []


def test_zero_and_minus_zero_are_values() -> None:
    desk = Desk()
    samples = [Sample(sensor="a", values={"temperature": value}) for value in (0.0, -0.0)]
    desk.intake.offer(Acquired(source="s", decoded=samples, boottime_ns=1, wall_ms=0))
    desk.commit()
    (chunk,) = desk.outbox.unsealed(10, 1000)
    assert chunk.body == b"reading,sensor=a temperature=0.0 0\nreading,sensor=a temperature=-0.0 0\n"


def test_an_urgent_line_hurries_the_sealing() -> None:
    desk = Desk()
    desk.intake.note("local_alarm", {"point": "p", "rule": "high"}, {"state": "alarm"}, urgent=True)
    assert desk.hurried == 0
    desk.commit()
    assert desk.hurried == 1


def test_the_local_alarm_sees_new_samples_also_without_room() -> None:
    class Ear:
        def __init__(self) -> None:
            self.heard: list[str] = []

        def observe(self, samples: Sequence[Sample], boottime_ns: int) -> None:
            self.heard += [sample.sensor for sample in samples]

        def load(self, bundle: object) -> None: ...

    desk, ear = Desk(FullOutbox(refusals=1)), Ear()
    desk.intake.watcher = ear
    desk.message(1, "a")
    desk.intake.stop()  # so that it does not wait for room
    desk.commit()
    assert ear.heard == ["a"]
    assert desk.acknowledged == []
    assert desk.kept() == []
    assert desk.relieved == 1


@pytest.fixture
def roomy_later(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("coldchain_gateway.intake.committer.FULL_RETRY_S", 0.001)
    return Desk(FullOutbox(refusals=3))


def test_without_room_a_broker_waits_and_is_acknowledged_when_there_is_some(roomy_later: Desk) -> None:
    roomy_later.message(1, "a")
    roomy_later.commit()
    assert roomy_later.kept() == ["a"]
    assert roomy_later.acknowledged == ["a"]
    assert roomy_later.relieved == 3
    assert roomy_later.intake.full_for_ms() == 0


async def test_without_room_a_poller_is_told_and_goes_on(roomy_later: Desk) -> None:
    committing = threading.Thread(target=roomy_later.intake.run)
    committing.start()
    with pytest.raises(NotKept):
        await roomy_later.intake.take(acquired("a"))
    roomy_later.intake.stop()
    committing.join()
    assert roomy_later.kept() == []


async def test_take_returns_when_it_is_durable() -> None:
    desk = Desk()
    committing = threading.Thread(target=desk.intake.run)
    committing.start()
    await asyncio.gather(*(desk.intake.take(acquired(f"s{number}")) for number in range(20)))
    assert len(desk.kept()) == 20
    desk.intake.stop()
    committing.join()


def test_what_was_offered_before_the_stop_is_committed() -> None:
    desk = Desk()
    for number in range(50):
        desk.message(number + 1, f"s{number}")
    desk.intake.stop()
    desk.intake.run()
    assert len(desk.kept()) == len(desk.acknowledged) == 50


def test_it_is_an_intake() -> None:
    intake: Intake = Desk().intake
    assert intake


def test_a_caller_that_fails_costs_nobody_else_his_acknowledgement() -> None:
    desk = Desk()

    def gone(_: Sequence[int]) -> None:
        raise OSError("the connection is gone")

    desk.intake.offer(acquired("a", told_by(1, "a", gone)))
    desk.message(2, "b")
    desk.commit()
    assert desk.kept() == ["a", "b"]
    assert desk.acknowledged == ["b"]


def test_a_local_alarm_that_fails_costs_no_evidence() -> None:
    class Broken:
        def observe(self, samples: Sequence[Sample], boottime_ns: int) -> None:
            raise ValueError("a bug")

        def load(self, bundle: object) -> None: ...

    desk = Desk()
    desk.intake.watcher = Broken()
    desk.message(1, "a")
    desk.commit()
    assert desk.kept() == ["a"]
    assert desk.acknowledged == ["a"]


def test_own_lines_are_bounded_and_what_is_too_much_is_counted() -> None:
    desk = Desk()
    for _ in range(QUEUE_NOTES + 3):
        desk.intake.note("gateway", {}, {"x": 1})
    assert desk.intake.refusals() == {("gateway", "not_kept"): 3}
    desk.commit()
    assert desk.outbox.pending().lines == QUEUE_NOTES


async def test_a_full_queue_refuses_a_poller_at_once() -> None:
    desk = Desk()
    for number in range(QUEUE_ITEMS):
        desk.intake.offer(acquired(f"s{number}"), more=True)
    with pytest.raises(NotKept):
        await desk.intake.take(acquired("late"))
    assert desk.intake.waiting == QUEUE_ITEMS


def test_a_full_queue_holds_its_source_back_until_there_is_room() -> None:
    desk = Desk()
    for number in range(QUEUE_ITEMS):
        desk.intake.offer(acquired(f"s{number}"), more=True)
    committing = threading.Thread(target=desk.intake.run)
    committing.start()
    desk.intake.offer(acquired("last"))
    desk.intake.stop()
    committing.join(5)
    assert len(desk.kept()) == QUEUE_ITEMS + 1


def test_a_burst_longer_than_the_queue_is_kept_whole_and_in_its_order() -> None:
    desk = Desk()
    told: list[int] = []
    burst = [
        acquired(f"s{number}", told_by(number, f"s{number}", told.extend))
        for number in range(2 * QUEUE_ITEMS + 7)
    ]
    committing = threading.Thread(target=desk.intake.run)
    committing.start()
    desk.intake.offer(*burst)
    desk.intake.stop()
    committing.join(10)
    assert desk.kept() == [f"s{number}" for number in range(len(burst))]
    assert told == list(range(len(burst)))


def test_what_comes_at_several_instants_is_judged_by_the_instant_of_each() -> None:
    seen: list[tuple[int, list[str]]] = []

    class Seeing:
        def observe(self, samples: Sequence[Sample], boottime_ns: int) -> None:
            seen.append((boottime_ns, [sample.sensor for sample in samples]))

        def load(self, bundle: object) -> None: ...

    desk = Desk()
    desk.intake.watcher = Seeing()
    instants = (("a", 1), ("b", 1), ("c", 2), ("d", 1))
    desk.intake.offer(
        *(
            Acquired(source="s", decoded=[Sample(name, {"temperature": 4.0})], boottime_ns=at, wall_ms=0)
            for name, at in instants
        )
    )
    desk.commit()
    assert seen == [(1, ["a", "b"]), (2, ["c"]), (1, ["d"])]
    assert desk.kept() == ["a", "b", "c", "d"]


def test_a_burst_is_one_commit() -> None:
    commits: list[int] = []
    desk = Desk()
    real = desk.outbox.commit

    def counting(group: Group) -> None:
        commits.append(len(group.entries))
        real(group)

    desk.outbox.commit = counting  # type: ignore[method-assign]  # counts and passes on
    for number in range(64):
        desk.intake.offer(acquired(f"s{number}"), more=True)
    desk.intake.begin()
    desk.commit()
    assert commits == [64]

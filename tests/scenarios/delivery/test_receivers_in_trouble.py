"""Receivers that are gone, down for days, limited, changed; a host whose clock steps: nothing is lost."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from coldchain_backend.alerts import Delivery
from coldchain_backend.delivery import Courier
from coldchain_backend.delivery.endpoints import Standing
from coldchain_backend.delivery.queue import DeliveryState
from coldchain_backend.delivery.request import Answer, Call, NoResponse, Request, Response
from coldchain_backend.fleet import Rate, Receiver, Sms, Webhook
from coldchain_backend.judging.contracts import Progress
from coldchain_backend.sql import Books, Database, DeliveryQueue, Letters
from coldchain_backend.sql.letters import Wanted
from support.acceptance import Figures
from support.databases import empty_database
from support.notices import document, resolved
from support.still_clock import StillClock
from support.webhook_end import DOWN, Announced, Known, WebhookEnd, courier_to

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
T0 = 1_795_376_000_000 - 1_795_376_000_000 % HOUR


def hook(name: str, **more: object) -> Receiver:
    """A webhook at the end."""
    settings = Webhook(url=f"https://hooks.example/{name}", secret="file:whsec")
    return Receiver(name=name, webhook=settings, **more)  # type: ignore[arg-type]  # fields of a receiver


@dataclass(slots=True)
class Desk:
    """A queue, receivers, their end, and a courier on a clock moved by hand."""

    folder: Path
    database: Database
    receivers: list[Receiver]
    clock: StillClock = field(default_factory=lambda: StillClock(T0))
    end: WebhookEnd = field(default_factory=lambda: WebhookEnd(receivers=()))
    announced: Announced = field(default_factory=Announced)
    known: Known = field(default_factory=Known)
    courier: Courier | None = None
    alerts: int = 0

    @property
    def queue(self) -> DeliveryQueue:
        return DeliveryQueue(self.database)

    def start(self) -> None:
        """A new process."""
        self.courier = courier_to(
            self.end, self.queue, self.clock, self.folder, self.announced, self.known, self.receivers
        )

    def tell(self, *names: str, critical: bool = False, count: int = 1, ends: bool = False) -> list[str]:
        """Queue a fire, and its end, to receivers; the alerts' ids."""
        books, made = Books(self.database), []
        books.begin()
        for _ in range(count):
            self.alerts += 1
            alert = f"al_{self.alerts:05}"
            made.append(alert)
            bodies = [document(alert_id=alert, sequence=1), resolved(alert_id=alert, sequence=2)]
            for name in names:
                for sequence, body in enumerate(bodies[: 1 + ends], start=1):
                    books.put_delivery(
                        Delivery(
                            id=f"msg_{alert}_{sequence}_{name}",
                            alert=alert,
                            sequence=sequence,
                            receiver=name,
                            at_ms=self.clock.now_ms(),
                            due_ms=self.clock.now_ms(),
                            body=body,
                            critical=critical,
                        )
                    )
        books.commit(Progress())
        books.close()
        return made

    async def pass_time(self, for_ms: int, step_ms: int = SECOND) -> None:
        """Turns of the courier while time passes."""
        if self.courier is None:
            self.start()
        assert self.courier is not None
        end_ms = self.clock.monotonic_ns() // 1_000_000 + for_ms
        while self.clock.monotonic_ns() // 1_000_000 < end_ms:
            await self.courier.turn()
            await self.courier.idle()
            self.clock.advance(step_ms)

    def states(self, name: str) -> dict[DeliveryState, int]:
        counts = Letters(self.database).counts()
        return {state: count for (receiver, state), count in counts.items() if receiver == name}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = empty_database(tmp_path / "coldchain.sqlite")
    yield Desk(folder=tmp_path, database=database, receivers=[hook("a"), hook("b")])
    database.close()


@pytest.mark.acceptance("T10")
async def test_a_receiver_that_is_gone_is_switched_off_told_and_held(desk: Desk, figures: Figures) -> None:
    desk.end.answers["a"] = Response(status=410)
    desk.tell("a", "b", count=3)
    await desk.pass_time(2 * SECOND)
    desk.tell("a", "b")
    await desk.pass_time(HOUR, 5 * MINUTE)
    assert desk.known.rows["a"].standing is Standing.DISABLED
    assert desk.announced.said == [("a", True)]
    assert "HTTP 410" in desk.announced.reasons[0]
    assert desk.states("a") == {DeliveryState.HELD: 4}
    assert len([one for one in desk.end.attempts if one[0] == "a"]) <= 3
    assert desk.end.types("b") == ["alert.fired"] * 4
    figures.add(gone=1)


@pytest.mark.acceptance("T16")
async def test_other_settings_switch_it_on_again_also_in_a_new_process(desk: Desk) -> None:
    desk.end.answers["a"] = Response(status=410)
    desk.tell("a")
    await desk.pass_time(2 * SECOND)
    desk.start()
    await desk.pass_time(MINUTE)
    assert desk.states("a") == {DeliveryState.HELD: 1}
    del desk.end.answers["a"]
    desk.receivers[0] = replace(
        hook("a"), webhook=Webhook(url="https://hooks.example/new/a", secret="file:whsec")
    )
    desk.tell("a")
    await desk.pass_time(10 * SECOND)
    assert desk.states("a") == {DeliveryState.DELIVERED: 2}
    assert desk.known.rows["a"].standing is Standing.OK


@pytest.mark.acceptance("T10")
async def test_the_last_way_for_criticals_is_only_degraded(desk: Desk) -> None:
    del desk.receivers[1]
    desk.end.answers["a"] = Response(status=410)
    desk.tell("a", critical=True)
    await desk.pass_time(10 * MINUTE, 30 * SECOND)
    assert desk.known.rows["a"].standing is Standing.DEGRADED
    assert desk.states("a") == {DeliveryState.QUEUED: 1}
    del desk.end.answers["a"]
    await desk.pass_time(2 * HOUR, 5 * MINUTE)
    assert desk.states("a") == {DeliveryState.DELIVERED: 1}


@pytest.mark.acceptance("T7")
async def test_down_for_71_hours_all_arrives_within_a_minute_of_its_return_in_order(
    desk: Desk, figures: Figures
) -> None:
    desk.end.answers["a"] = DOWN
    for _ in range(71):
        desk.tell("a", ends=True)
        await desk.pass_time(HOUR, 15 * MINUTE)
    assert desk.end.types("a") == []
    assert desk.states("a") == {DeliveryState.QUEUED: 142}
    del desk.end.answers["a"]
    await desk.pass_time(MINUTE)
    assert len(desk.end.accepted) == 142
    for alert in {one[3] for one in desk.end.accepted}:
        assert [one[4] for one in desk.end.accepted if one[3] == alert] == [1, 2]
    assert [said for _, said in desk.announced.said] == [True, False]
    figures.add(hours_down=71, delivered=142)


@pytest.mark.acceptance("T16")
async def test_after_three_days_dead_letters_wait_and_go_out_again_when_asked(
    desk: Desk, figures: Figures
) -> None:
    desk.end.answers["a"] = DOWN
    desk.tell("a", count=2, ends=True)
    await desk.pass_time(80 * HOUR, 20 * MINUTE)
    assert desk.states("a") == {DeliveryState.DEAD: 4}
    del desk.end.answers["a"]
    await desk.pass_time(HOUR, MINUTE)
    assert desk.end.accepted == []
    assert Letters(desk.database).replay(Wanted(receiver="a", from_ms=T0), desk.clock.now_ms()) == 4
    await desk.pass_time(MINUTE)
    assert len(desk.end.accepted) == 4
    for alert in {one[3] for one in desk.end.accepted}:
        assert [one[4] for one in desk.end.accepted if one[3] == alert] == [1, 2]
    figures.add(redriven=4)


@pytest.mark.acceptance("T16")
async def test_sporadic_failures_delay_single_messages_and_repeated_ones_open_the_breaker(desk: Desk) -> None:
    desk.end = Flaky(receivers=())
    desk.tell("a", count=30)
    await desk.pass_time(2 * MINUTE)
    assert desk.states("a") == {DeliveryState.DELIVERED: 30}
    assert len(desk.end.attempts) < 75
    desk.end.answers["a"] = DOWN
    tried = len(desk.end.attempts)
    desk.tell("a", count=30)
    await desk.pass_time(10 * MINUTE, 5 * SECOND)
    assert len(desk.end.attempts) - tried < 40


@dataclass(slots=True)
class Flaky(WebhookEnd):
    """Fails every third attempt."""

    made: int = 0

    async def send(self, request: Call) -> Response | NoResponse:
        self.made += 1
        if self.made % 3 == 0 and "a" not in self.answers:
            assert isinstance(request, Request)
            self.attempts.append(("a", request.headers["webhook-id"]))
            return Response(status=503)
        return await WebhookEnd.send(self, request)


@pytest.mark.acceptance("T11")
async def test_criticals_go_first_and_no_rate_is_exceeded_also_over_a_restart(
    desk: Desk, figures: Figures
) -> None:
    desk.receivers[0] = hook("a", rate=Rate(count=20, per_ms=MINUTE))
    sent: list[int] = []
    desk.end.answers.clear()
    desk.tell("a", count=60)
    late = desk.tell("a", critical=True, count=5)
    for second in range(300):
        before = len(desk.end.accepted)
        if second == 30:
            desk.start()
        await desk.pass_time(SECOND)
        sent += [second] * (len(desk.end.accepted) - before)
    first = [one[3] for one in desk.end.accepted[:5]]
    assert sorted(first) == late
    for begins in range(300):
        assert sum(begins <= at < begins + 60 for at in sent) <= 20
    assert len(sent) == 65
    figures.add(told=65, most_per_minute=20)


async def test_while_others_use_the_rate_a_critical_finds_room(desk: Desk) -> None:
    desk.receivers[0] = hook("a", rate=Rate(count=20, per_ms=MINUTE))
    desk.tell("a", count=60)
    await desk.pass_time(5 * SECOND)
    [alert] = desk.tell("a", critical=True)
    await desk.pass_time(2 * SECOND)
    assert alert in [one[3] for one in desk.end.accepted]


async def test_an_undelivered_critical_is_announced_once(desk: Desk) -> None:
    desk.end.answers["a"] = DOWN
    [alert] = desk.tell("a", "b", critical=True)
    desk.tell("a")
    await desk.pass_time(4 * MINUTE, 5 * SECOND)
    assert desk.announced.undeliverable == []
    await desk.pass_time(10 * MINUTE, 5 * SECOND)
    assert desk.announced.undeliverable == [("a", alert)]


@pytest.mark.acceptance("T12")
@pytest.mark.parametrize("step_ms", [-30 * 24 * HOUR, -HOUR, HOUR, 30 * 24 * HOUR])
async def test_a_clock_that_steps_loses_nothing_and_doubles_nothing(
    desk: Desk, step_ms: int, figures: Figures
) -> None:
    desk.end.answers["a"] = DOWN
    desk.tell("a", count=3, ends=True)
    await desk.pass_time(MINUTE, 5 * SECOND)
    desk.clock.wall_ms += step_ms
    await desk.pass_time(MINUTE, 5 * SECOND)
    desk.start()
    desk.tell("a", count=3, ends=True)
    del desk.end.answers["a"]
    await desk.pass_time(2 * MINUTE)
    assert desk.states("a") == {DeliveryState.DELIVERED: 12}
    assert len({one[1] for one in desk.end.accepted}) == len(desk.end.accepted) == 12
    figures.add(steps=1, delivered=12)


async def test_a_clock_that_was_ahead_when_the_log_stamped_keeps_nothing_waiting(desk: Desk) -> None:
    desk.clock.wall_ms += 24 * HOUR
    desk.tell("a")
    desk.clock.wall_ms -= 24 * HOUR
    await desk.pass_time(5 * SECOND)
    assert desk.states("a") == {DeliveryState.DELIVERED: 1}


@dataclass(slots=True)
class Numbers(WebhookEnd):
    """A provider that refuses one number at first."""

    bodies: list[bytes] = field(default_factory=list)

    async def send(self, request: Call) -> Response | NoResponse:
        assert isinstance(request, Request)
        self.bodies.append(request.body)
        first = self.bodies.count(request.body) == 1
        return Response(status=503 if request.body == b"22222" and first else 200)


async def test_of_several_numbers_only_the_one_that_failed_is_tried_again(desk: Desk) -> None:
    sms = Sms(url="https://sms.example/", body="{phone}", to=("11111", "22222", "33333"))
    desk.receivers[0] = Receiver(name="a", sms=sms)
    desk.end = Numbers(receivers=())
    desk.tell("a")
    await desk.pass_time(30 * SECOND)
    assert desk.states("a") == {DeliveryState.DELIVERED: 1}
    assert isinstance(desk.end, Numbers)
    assert desk.end.bodies == [b"11111", b"22222", b"33333", b"22222"]


async def test_a_receiver_whose_persons_have_no_number_is_told_as_failing(desk: Desk) -> None:
    desk.receivers[0] = Receiver(name="a", sms=Sms(url="https://sms.example/", body="{phone}"))
    desk.tell("a")
    await desk.pass_time(2 * HOUR, MINUTE)
    assert desk.announced.said == [("a", True)]
    assert "none of its persons has an address for sms" in desk.announced.reasons[0]


@dataclass(slots=True)
class Echo(WebhookEnd):
    """Says the secret back."""

    async def send(self, request: Call) -> Answer:
        del request
        return Response(status=400, body=f"bad signature by {self.secret}".encode())


async def test_a_secret_that_is_said_back_stands_in_no_timeline(desk: Desk) -> None:
    desk.end = Echo(receivers=())
    [alert] = desk.tell("a")
    await desk.pass_time(2 * SECOND)
    found = Letters(desk.database).shown(f"msg_{alert}_1_a")
    assert found is not None
    assert found[0].last_error == "HTTP 400: bad signature by …"

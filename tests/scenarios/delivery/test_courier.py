"""Deliveries from the database to receivers that come and go, on a clock moved by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from coldchain_backend.delivery import Courier
from coldchain_backend.delivery.request import Response
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan
from support.webhook_end import DOWN, Announced, WebhookEnd, courier_to


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path)
    yield log
    log.close()


class Post:
    """A log, its courier and the other end."""

    def __init__(self, log: Log, folder: Path, *receivers: str) -> None:
        self.log, self.folder = log, folder
        self.end, self.announced = WebhookEnd(receivers=receivers), Announced()
        self.courier = self.start()
        sensors = {f"s{number}": 10 * SECOND for number in range(5)}
        log.fleet(plan(sensors, receivers=receivers, gateways=()))
        log.at(T0 + MINUTE)

    def start(self) -> Courier:
        """A courier of a new process."""
        return courier_to(self.end, self.log.queue, self.log.clock, self.folder, self.announced)

    def alarm(self, sensor: str) -> None:
        """An excursion that begins."""
        now_ms = self.log.clock.wall_ms
        self.log.say(*[(sensor, now_ms - n * 10 * SECOND, 9.0) for n in (2, 1, 0)])

    def back(self, sensor: str) -> None:
        """… and ends."""
        self.log.say((sensor, self.log.clock.wall_ms, 4.0))

    async def rounds(self, for_ms: int, step_ms: int = SECOND) -> None:
        """Turns of the courier while time passes."""
        end_ms = self.log.clock.wall_ms + for_ms
        while self.log.clock.wall_ms < end_ms:
            await self.courier.turn()
            await self.courier.idle()
            self.log.clock.advance(step_ms)


async def test_fire_and_end_arrive_signed_and_once(log: Log, tmp_path: Path) -> None:
    post = Post(log, tmp_path, "dispatch", "quality")
    post.alarm("s0")
    await post.rounds(SECOND)
    log.clock.advance(20 * SECOND)
    post.back("s0")
    await post.rounds(5 * SECOND)
    for host in ("dispatch", "quality"):
        assert post.end.types(host) == ["alert.fired", "alert.resolved"]
    assert len({one[1] for one in post.end.accepted}) == 4


async def test_after_an_hour_down_all_arrives_within_a_minute_in_order(log: Log, tmp_path: Path) -> None:
    post = Post(log, tmp_path, "dispatch")
    post.end.answers["dispatch"] = DOWN
    for sensor in ("s0", "s1", "s2"):
        post.alarm(sensor)
        await post.rounds(10 * MINUTE, 15 * SECOND)
        post.back(sensor)
        await post.rounds(10 * MINUTE, 15 * SECOND)
    assert post.end.accepted == []
    assert len(post.end.attempts) < 150
    del post.end.answers["dispatch"]
    await post.rounds(MINUTE)
    fired = [one for one in post.end.accepted if one[2] == "alert.fired"]
    ended = [one for one in post.end.accepted if one[2] == "alert.resolved"]
    assert len([one for one in fired if one[3] in {alert[3] for alert in ended}]) >= 3
    for alert in {one[3] for one in post.end.accepted}:
        numbers = [one[4] for one in post.end.accepted if one[3] == alert]
        assert numbers == sorted(numbers)


async def test_the_same_id_on_every_attempt(log: Log, tmp_path: Path) -> None:
    post = Post(log, tmp_path, "dispatch")
    post.end.answers["dispatch"] = Response(status=503)
    post.alarm("s0")
    await post.rounds(2 * MINUTE)
    assert len(post.end.attempts) >= 4
    assert len(set(post.end.attempts)) == 1


async def test_a_dead_endpoint_delays_no_other(log: Log, tmp_path: Path) -> None:
    post = Post(log, tmp_path, "dispatch", "quality")
    post.end.answers["dispatch"] = DOWN
    post.alarm("s0")
    await post.rounds(SECOND)
    assert post.end.types("quality") == ["alert.fired"]


async def test_a_new_process_probes_at_once_what_was_not_delivered(log: Log, tmp_path: Path) -> None:
    post = Post(log, tmp_path, "dispatch")
    post.end.answers["dispatch"] = DOWN
    post.alarm("s0")
    await post.rounds(20 * MINUTE, 15 * SECOND)
    post.courier = post.start()
    del post.end.answers["dispatch"]
    await post.rounds(2 * SECOND)
    assert post.end.types("dispatch") == ["alert.fired"]


async def test_a_crash_between_sending_and_keeping_repeats_the_same_id(log: Log, tmp_path: Path) -> None:
    post = Post(log, tmp_path, "dispatch")
    post.alarm("s0")
    [queued] = log.queue.lease("dispatch", log.clock.wall_ms, log.clock.wall_ms + MINUTE, 8, due_only=True)
    post.courier = post.start()
    await post.rounds(2 * SECOND)
    assert [one[1] for one in post.end.accepted] == [queued.id]


async def test_retry_after_is_honoured_within_bounds(log: Log, tmp_path: Path) -> None:
    post = Post(log, tmp_path, "dispatch")
    post.end.answers["dispatch"] = Response(status=429, headers={"retry-after": "100"})
    post.alarm("s0")
    await post.rounds(95 * SECOND)
    assert len(post.end.attempts) == 1
    await post.rounds(10 * SECOND)
    assert len(post.end.attempts) == 2


async def test_other_refusals_are_tried_rarely_and_the_operator_hears_of_it(log: Log, tmp_path: Path) -> None:
    post = Post(log, tmp_path, "dispatch")
    post.end.answers["dispatch"] = Response(status=404, body=b"no such hook")
    post.alarm("s0")
    await post.rounds(2 * HOUR, MINUTE)
    assert 3 <= len(post.end.attempts) <= 5
    assert post.announced.said == [("dispatch", True)]
    del post.end.answers["dispatch"]
    await post.rounds(2 * HOUR, 5 * MINUTE)
    assert post.announced.said == [("dispatch", True), ("dispatch", False)]


async def test_after_three_days_it_is_a_dead_letter(log: Log, tmp_path: Path) -> None:
    post = Post(log, tmp_path, "dispatch")
    post.end.answers["dispatch"] = Response(status=404)
    post.alarm("s0")
    await post.rounds(73 * HOUR, 20 * MINUTE)
    [alert] = [one for one in log.alerts() if one.cause.kind.value == "excursion"]
    story = log.answers.alert(alert.id)
    assert story is not None
    assert [(one.state, one.last_error) for one in story.deliveries] == [("dead", "HTTP 404")]


async def test_a_receiver_that_left_the_fleet_gets_nothing_more(log: Log, tmp_path: Path) -> None:
    post = Post(log, tmp_path, "dispatch")
    post.alarm("s0")
    post.end.receivers = ()
    post.courier = post.start()
    await post.rounds(5 * SECOND)
    assert post.end.attempts == []
    assert log.queue.waiting(log.clock.wall_ms) == []


async def test_a_missing_secret_is_told_and_mended_without_a_restart(log: Log, tmp_path: Path) -> None:
    post = Post(log, tmp_path, "dispatch")
    post.alarm("s0")
    secret = (tmp_path / "whsec").read_text()
    (tmp_path / "whsec").write_text("not a secret")
    await post.rounds(5 * SECOND)
    assert post.end.attempts == []
    (tmp_path / "whsec").write_text(secret)
    await post.rounds(HOUR, MINUTE)
    assert post.end.types("dispatch") == ["alert.fired"]


def test_times_of_the_log_are_full_hours() -> None:
    assert T0 % HOUR == 0

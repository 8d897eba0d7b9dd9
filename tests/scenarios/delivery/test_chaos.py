"""Receivers that fail at random and couriers that are restarted: nothing lost, nothing out of order."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain_backend.delivery.request import Call, NoResponse, Request, Response
from support.judged_log import MINUTE, SECOND, T0, Log, plan
from support.webhook_end import Announced, WebhookEnd, courier_to

RECEIVERS = ("a", "b")
ANSWERS = st.sampled_from(
    [
        Response(status=204),
        Response(status=204),
        Response(status=500),
        Response(status=429, headers={"retry-after": "3"}),
        NoResponse(reason="ReadTimeout"),
    ]
)


@dataclass(slots=True)
class Whims(WebhookEnd):
    """Answers each attempt from a list of whims, then always well."""

    whims: Sequence[Response | NoResponse] = ()
    made: int = 0
    lost: list[str] = field(default_factory=list)

    async def send(self, request: Call) -> Response | NoResponse:
        assert isinstance(request, Request)
        whim = self.whims[self.made] if self.made < len(self.whims) else Response(status=204)
        self.made += 1
        host = request.url.rsplit("/", 1)[-1]
        self.answers[host] = whim
        return await WebhookEnd.send(self, request)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(whims=st.lists(ANSWERS, max_size=15), restarts=st.sets(st.integers(0, 30), max_size=3))
async def test_every_telling_arrives_once_and_in_order(
    whims: list[Response | NoResponse], restarts: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Log(Path(folder))
        end = Whims(receivers=RECEIVERS, whims=whims)
        courier = courier_to(end, log.queue, log.clock, Path(folder), Announced())
        log.fleet(plan({f"s{n}": 10 * SECOND for n in range(3)}, receivers=RECEIVERS, gateways=()))
        log.at(T0 + MINUTE)
        for turn in range(70):
            now_ms = log.clock.wall_ms
            if turn < 6:
                value = 9.0 if turn < 4 else 4.0
                log.say(*[(f"s{n}", now_ms, value) for n in range(3)])
            if turn in restarts:
                courier = courier_to(end, log.queue, log.clock, Path(folder), Announced())
            await courier.turn()
            await courier.idle()
            log.clock.advance(10 * SECOND if turn < 6 else 30 * SECOND)
        queued = {line.split(" ", 1)[0] for line in log.deliveries()}
        accepted = end.accepted
        log.close()
    assert {one[1] for one in accepted} == queued
    for receiver in RECEIVERS:
        for alert in {one[3] for one in accepted}:
            numbers = [one[4] for one in accepted if one[0] == receiver and one[3] == alert]
            assert numbers == sorted(set(numbers))

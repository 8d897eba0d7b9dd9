"""What must hold after kills is judged rightly: a test that cannot fail proves nothing."""

from __future__ import annotations

import pytest

from demo.evidence import Name, Truth
from demo.receiver import Received
from support.killing import WIRE_SLACK_MS, Outage, doubled, lost, untold

AWAY = Outage(program="gateway", from_ms=100_000, to_ms=103_000)


def truth(transport: str, counter: int, time_ms: int) -> Truth:
    return Truth(transport=transport, sensor="s", counter=counter, temperature=4.0, time_ms=time_ms)


def told(alert: str, kind: str) -> Received:
    return Received(
        webhook_id=f"{alert}-{kind}",
        verified=True,
        type=kind,
        alert_id=alert,
        level="alarm",
        kind="excursion",
        body="",
        at_s=0.0,
    )


def test_an_mqtt_reading_is_lost_whenever_it_is_not_held() -> None:
    given = [truth("mqtt", 1, AWAY.from_ms), truth("mqtt", 2, 0)]
    assert lost(given, [Name("s", 1)], [AWAY]) == [given[1]]
    assert lost(given, [], [AWAY]) == given


@pytest.mark.parametrize("wire", ["serial", "modbus"])
@pytest.mark.parametrize(
    ("time_ms", "missing"),
    [
        (AWAY.from_ms - WIRE_SLACK_MS - 1, True),
        (AWAY.from_ms - WIRE_SLACK_MS, False),
        (AWAY.from_ms + 1, False),
        (AWAY.to_ms + WIRE_SLACK_MS, False),
        (AWAY.to_ms + WIRE_SLACK_MS + 1, True),
    ],
)
def test_a_wire_keeps_nothing_while_the_gateway_is_away(wire: str, time_ms: int, *, missing: bool) -> None:
    given = [truth(wire, 1, time_ms)]
    assert lost(given, [], [AWAY]) == (given if missing else [])


def test_a_backend_that_was_away_excuses_nothing() -> None:
    away = Outage(program="backend", from_ms=0, to_ms=1_000_000)
    assert lost([truth("serial", 1, 500_000)], [], [away]) != []


def test_a_reading_that_stands_twice_is_named_once() -> None:
    assert doubled([Name("s", 1), Name("s", 2), Name("s", 1), Name("s", 1)]) == [Name("s", 1)]
    assert doubled([Name("s", 1), Name("t", 1)]) == []


@pytest.mark.parametrize(
    ("kinds", "right"),
    [
        (["alert.fired", "alert.resolved"], True),
        (["alert.fired", "alert.acknowledged", "alert.closed"], True),
        (["alert.fired", "alert.withdrawn"], True),
        (["alert.fired"], False),
        (["alert.resolved"], False),
        (["alert.fired", "alert.fired", "alert.resolved"], False),
        (["alert.fired", "alert.resolved", "alert.closed"], False),
    ],
)
def test_each_alert_is_told_once_and_ended_once(kinds: list[str], *, right: bool) -> None:
    assert (untold(told("a", kind) for kind in kinds) == []) is right


def test_a_fault_of_one_alert_is_not_hidden_by_another() -> None:
    received = [told("a", "alert.fired"), told("a", "alert.resolved"), told("b", "alert.fired")]
    assert [wrong.split(":")[0] for wrong in untold(received)] == ["b"]

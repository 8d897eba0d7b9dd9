"""The table is true only when everything in it is."""

from demo.evidence import Name, Tally
from demo.receiver import Received
from demo.summary import Check, table, tallies, webhooks


def tally(transport: str, missing: frozenset[Name] = frozenset(), doubled: int = 0, read: int = 5) -> Tally:
    return Tally(
        transport=transport, read=read, held=read, doubled=doubled, missing=missing, unknown=frozenset()
    )


def received(
    type_: str, alert: str = "a1", level: str = "alarm", *, kind: str = "excursion", verified: bool = True
) -> Received:
    return Received(
        webhook_id=f"{type_} {alert}",
        verified=verified,
        type=type_,
        alert_id=alert,
        level=level,
        kind=kind,
        body="",
        at_s=0.0,
    )


def hold(checks: list[Check]) -> list[bool]:
    return [check.holds for check in checks]


def test_all_three_wires_must_have_spoken() -> None:
    assert hold(tallies("the API", [tally("mqtt"), tally("modbus"), tally("serial")])) == [True] * 3
    checks = tallies("the API", [tally("mqtt")])
    assert hold(checks) == [True, False, False]
    assert [check.statement for check in checks[1:]] == [
        "modbus: read = in the API",
        "serial: read = in the API",
    ]


def test_a_wire_that_lost_doubled_or_never_spoke_is_not_true() -> None:
    found = [
        tally("mqtt", missing=frozenset({Name("a", 1)})),
        tally("modbus", doubled=1),
        tally("serial", read=0),
    ]
    assert hold(tallies("the ledger", found)) == [False] * 3


def test_one_alarm_and_its_end_are_what_was_promised() -> None:
    assert hold(webhooks([received("alert.fired"), received("alert.resolved")])) == [True] * 3


def test_what_is_told_of_the_machine_is_counted_and_no_part_of_the_story() -> None:
    disk = received("alert.fired", "a2", level="warning", kind="system")
    checks = webhooks([disk, received("alert.fired"), received("alert.resolved")])
    assert hold(checks) == [True] * 3
    assert checks[-1].found == "3 received, 0 not verified, 1 about this machine"


def test_anything_else_is_not() -> None:
    fired, ended = received("alert.fired"), received("alert.resolved")
    assert hold(webhooks([])) == [False, False, False]
    assert hold(webhooks([fired])) == [True, False, True]
    assert hold(webhooks([received("alert.fired", level="warning"), ended])) == [False, True, True]
    assert hold(webhooks([fired, received("alert.resolved", "a2")])) == [True, False, True]
    assert hold(webhooks([fired, ended, received("alert.fired", "a2")])) == [False, False, True]
    assert hold(webhooks([fired, ended, received("alert.amended")])) == [True, True, False]
    assert hold(webhooks([fired, received("alert.resolved", verified=False)])) == [True, True, False]


def test_who_watches_may_try_a_command_or_a_button() -> None:
    told = [received("alert.fired"), received("alert.acknowledged"), received("alert.resolved")]
    assert hold(webhooks([*told, received("alert.test")])) == [True] * 3
    assert hold(webhooks([*told, received("alert.test", verified=False)])) == [True, True, False]


def test_the_table_ends_with_a_verdict() -> None:
    good = Check(statement="short", found="this", holds=True)
    bad = Check(statement="rather longer", found="that", holds=False)
    assert table([good]).splitlines() == ["  ok  short  this", "All of it is true."]
    assert table([good, bad]).splitlines() == [
        "  ok  short          this",
        "  NO  rather longer  that",
        "NOT all of it is true.",
    ]

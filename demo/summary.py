"""The table at the end, and whether all of it is true."""

from collections.abc import Sequence
from dataclasses import dataclass

from demo.evidence import Tally
from demo.receiver import SYSTEM, Received


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One statement of the demonstration and what was found."""

    statement: str
    found: str
    holds: bool


def tallies(place: str, found: Sequence[Tally]) -> list[Check]:
    """One check per transport for one place of evidence; all three wires must have spoken."""
    checks = [
        Check(
            statement=f"{tally.transport}: read = in {place}",
            found=f"read {tally.read}, held {tally.held}, doubled {tally.doubled}, "
            f"missing {len(tally.missing)}, unknown {len(tally.unknown)}",
            holds=tally.one_to_one,
        )
        for tally in found
    ]
    wires = {tally.transport for tally in found}
    silent = sorted({"serial", "modbus", "mqtt"} - wires)
    return checks + [
        Check(statement=f"{wire}: read = in {place}", found="nothing", holds=False) for wire in silent
    ]


ASKED = frozenset({"alert.test", "alert.acknowledged", "alert.shelved", "alert.unshelved"})
"""What comes because whoever watches the demo tried a command or a button."""


def webhooks(received: Sequence[Received]) -> list[Check]:
    """Exactly one alarm and its end, of one alert, every delivery with a signature that verifies."""
    story = [one for one in received if one.kind != SYSTEM]
    fired = [one for one in story if one.type == "alert.fired"]
    ended = [one for one in story if one.type == "alert.resolved"]
    others = [one.type for one in story if one not in fired and one not in ended and one.type not in ASKED]
    beside = len(received) - len(story)
    same = {one.alert_id for one in fired} == {one.alert_id for one in ended}
    bad = sum(not one.verified for one in received)
    return [
        Check(
            statement="one alarm received",
            found=", ".join(f"{one.type} ({one.level})" for one in fired) or "none",
            holds=len(fired) == 1 and fired[0].level == "alarm",
        ),
        Check(
            statement="one resolve of it received",
            found=", ".join(one.type for one in ended) or "none",
            holds=len(ended) == 1 and same,
        ),
        Check(
            statement="nothing else was sent unasked, all signatures verify",
            found=f"{len(received)} received, {bad} not verified"
            + (f", {beside} about this machine" if beside else "")
            + (f", also {others}" if others else ""),
            holds=bool(received) and not others and bad == 0,
        ),
    ]


def table(checks: Sequence[Check]) -> str:
    """The checks as aligned lines, with a verdict below."""
    width = max(len(check.statement) for check in checks)
    lines = [
        f"  {'ok ' if check.holds else 'NO '} {check.statement:{width}}  {check.found}" for check in checks
    ]
    true = all(check.holds for check in checks)
    return "\n".join([*lines, "All of it is true." if true else "NOT all of it is true."])

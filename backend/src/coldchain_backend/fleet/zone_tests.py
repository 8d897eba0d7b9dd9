"""Tests of a zone that people did before it may be in use, as acts of the ledger said it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class TestKind(StrEnum):
    """What was tried."""

    __test__ = False  # not one of pytest's

    TEST_ALARM = "test_alarm"
    POWER_CUT = "power_cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneTest:
    """One test that was recorded: `at_ms` is the log's stamp, `number` the ledger record."""

    zone: str
    kind: TestKind
    number: int
    at_ms: int
    by: str
    reason: str


def zone_test_of(fields: Mapping[str, object], number: int, at_ms: int) -> ZoneTest | None:
    """What an act says of a test; None where it says none that is known."""
    zone, kind = fields.get("zone"), str(fields.get("test"))
    if not isinstance(zone, str) or not zone or kind not in set(TestKind):
        return None
    by = str(fields.get("person") or fields.get("by") or "")
    return ZoneTest(
        zone=zone,
        kind=TestKind(kind),
        number=number,
        at_ms=at_ms,
        by=by,
        reason=str(fields.get("reason") or ""),
    )

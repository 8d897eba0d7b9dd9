"""Answers that no server of ours gives: read as nothing, never an end of the lane."""

from coldchain_gateway.clock_trust import date_bounds
from coldchain_gateway.uplink.outcome import OutcomeKind, read_outcome, retry_after_ms

FAR = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"


def test_a_date_beyond_all_calendars_is_none() -> None:
    assert date_bounds(FAR, 0, 1) is None
    assert retry_after_ms(FAR, 0) is None


def test_a_deep_error_body_is_only_an_error() -> None:
    outcome = read_outcome(500, {}, b"[" * 100_000, [("run", 1)], 0)
    assert outcome.kind is OutcomeKind.FAILED
    assert not outcome.held

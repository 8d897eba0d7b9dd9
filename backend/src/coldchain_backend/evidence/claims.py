"""What an archive claims of a verdict, in the figures that the stranger's script computes again."""

from collections.abc import Iterator, Sequence

from coldchain.excursions import Excursion
from coldchain.verdicts import ReasonKind, Verdict, in_time

Claim = dict[str, object]


def claim(verdict: Verdict, excursions: Sequence[Excursion], uncertainty: float | None) -> Claim:
    """Outcome, reasons in order, known and unknown time, extremes and means, time beyond each limit, and the
    excursions that stand in the time."""
    account, kinds = verdict.account, list(ReasonKind)
    reasons = sorted(verdict.reasons, key=lambda one: (kinds.index(one.kind), one.rule or ""))
    return {
        "outcome": verdict.outcome.value,
        "reasons": [[reason.kind.value, reason.rule] for reason in reasons],
        "covered_ms": account.covered_ms,
        "unknown_ms": account.unknown_ms,
        "uncertainty": uncertainty,
        "lowest": None if account.lowest is None else account.lowest.value,
        "highest": None if account.highest is None else account.highest.value,
        "mean": account.mean,
        "mkt": account.mkt,
        "warmest_windows": {rule: window.mkt for rule, window in verdict.windows.items()},
        "out_ms": {one.rule: one.out_ms for one in account.rules},
        "excursions": list(_standing(verdict, excursions)),
    }


def _standing(verdict: Verdict, excursions: Sequence[Excursion]) -> Iterator[Claim]:
    for one in sorted(excursions, key=lambda one: (one.opened_ms, one.rule)):
        if in_time(one, verdict.from_ms, verdict.to_ms):
            yield {
                "rule": one.rule,
                "opened": one.opened_ms,
                "closed": one.closed_ms,
                "warning": one.warning_ms,
                "alarm": one.alarm_ms,
                "out": one.out_ms,
                "peak": one.peak,
                "peak_at": one.peak_ms,
                "gap": one.data_gap,
            }

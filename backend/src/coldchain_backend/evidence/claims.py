"""What an archive claims of a verdict, in the figures that the stranger's script computes again."""

from coldchain.profiles import Mode, Profile
from coldchain.verdicts import ReasonKind, Verdict

Claim = dict[str, object]


def claim(verdict: Verdict) -> Claim:
    """Outcome, reasons in order, known and unknown time, extremes, and time beyond each limit."""
    account, kinds = verdict.account, list(ReasonKind)
    reasons = sorted(verdict.reasons, key=lambda one: (kinds.index(one.kind), one.rule or ""))
    return {
        "outcome": verdict.outcome.value,
        "reasons": [[reason.kind.value, reason.rule] for reason in reasons],
        "covered_ms": account.covered_ms,
        "unknown_ms": account.unknown_ms,
        "lowest": None if account.lowest is None else account.lowest.value,
        "highest": None if account.highest is None else account.highest.value,
        "out_ms": {one.rule: one.out_ms for one in account.rules},
    }


def beyond(profile: Profile) -> str:
    """What of a profile the script does not compute, in a word; empty where it computes all of it."""
    if any(rule.mode is Mode.RATE for rule in profile.rules):
        return "rules on a rate of change"
    if profile.thermal is not None:
        return "bounds of a drift"
    return "values corrected by a certificate" if profile.corrected else ""

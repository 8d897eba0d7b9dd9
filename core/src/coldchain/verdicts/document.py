"""Verdicts as plain values, for JSON: the same words in the API, in `judge --json` and in an archive."""

from coldchain.excursions import Excursion
from coldchain.exposure import Account
from coldchain.verdicts.values import Reason, Verdict, said
from coldchain.words import Language

Document = dict[str, object]


def verdict_document(verdict: Verdict) -> Document:
    """A verdict with its reasons in both languages, its figures, and how they were measured."""
    profile = verdict.profile
    return {
        "outcome": verdict.outcome.value,
        "reasons": [reason_document(reason) for reason in verdict.reasons],
        "profile": {
            "name": profile.name,
            "version": profile.version,
            "citation": profile.citation,
            "mark": profile.mark.value,
        },
        "from_ms": verdict.from_ms,
        "to_ms": verdict.to_ms,
        "interval_ms": verdict.interval_ms,
        "weighting": profile.weighting.value,
        "counting": profile.counting.value,
        "coverage": verdict.coverage,
        "required_coverage": profile.required_coverage,
        "sufficient_coverage": verdict.sufficient,
        "shares": {grade.value: share for grade, share in verdict.shares.items()},
        "indeterminate_ms": verdict.indeterminate_ms,
        "exposure": account_document(verdict.account),
        "counted": {
            "recorded_ms": verdict.recorded_ms,
            "beyond_ms": {one.rule: verdict.counted_ms(one.rule) for one in verdict.account.rules},
        },
        "worst_windows": {
            rule: {"from_ms": one.from_ms, "to_ms": one.to_ms, "mkt": one.mkt, "known_ms": one.known_ms}
            for rule, one in verdict.windows.items()
        },
        "bounds": {
            name: None if account is None else account_document(account)
            for name, account in (
                ("optimistic", verdict.optimistic),
                ("warm", verdict.warm),
                ("cold", verdict.cold),
            )
        },
    }


def reason_document(reason: Reason) -> Document:
    """A reason by kind, rule and figures, and in words."""
    return {
        "kind": reason.kind.value,
        "rule": reason.rule,
        "figures": {kind.value: value for kind, value in reason.figures.items()},
        "en": said(reason, Language.EN),
        "zh": said(reason, Language.ZH),
    }


def account_document(account: Account) -> Document:
    """An account in the units that people read."""
    lowest, highest = account.lowest, account.highest
    return {
        "readings": account.readings,
        "covered_ms": account.covered_ms,
        "unknown_ms": account.unknown_ms,
        "in_ms": account.in_ms,
        "mean": account.mean,
        "deviation": account.deviation,
        "mkt": account.mkt,
        "lowest": None if lowest is None else {"value": lowest.value, "at_ms": lowest.at_ms},
        "highest": None if highest is None else {"value": highest.value, "at_ms": highest.at_ms},
        "rules": {
            one.rule: {
                "out_ms": one.out_ms,
                "readings": one.readings,
                "degree_minutes": one.degree_minutes,
            }
            for one in account.rules
        },
    }


def excursion_document(excursion: Excursion) -> Document:
    """An excursion as it is known."""
    return {
        "rule": excursion.rule,
        "opened_ms": excursion.opened_ms,
        "closed_ms": excursion.closed_ms,
        "level": None if excursion.level is None else excursion.level.value,
        "warning_ms": excursion.warning_ms,
        "alarm_ms": excursion.alarm_ms,
        "out_ms": excursion.out_ms,
        "peak": excursion.peak,
        "peak_ms": excursion.peak_ms,
        "data_gap": excursion.data_gap,
    }

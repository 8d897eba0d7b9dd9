"""A zone's verdict on the page: outcome, coverage beside it, and the reason in words."""

from dataclasses import dataclass, replace

from coldchain.verdicts import Outcome, Verdict, said
from coldchain_backend.judging import Answer
from coldchain_backend.web.console.wording import Wording

VERDICT_SPANS = ("24h", "7d")
_SIGNS = {
    Outcome.CONFORM: "in_limits",
    Outcome.NON_CONFORM: "alarm",
    Outcome.NOT_DEMONSTRABLE: "unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVerdict:
    """The verdict on the last time of a zone; `sign` is the colour and shape it is shown with."""

    span: str
    sign: str
    outcome: str
    coverage: str
    profile: str
    reasons: tuple[str, ...]


def show_verdict(span: str, answer: Answer, wording: Wording) -> ShownVerdict:
    """Say an answer; the reasons are those that decided, of each point whose outcome is the zone's."""
    decided = [one.verdict for one in answer.points if one.verdict is not None]
    reasons = [
        _said(verdict, wording)
        for verdict in decided
        if verdict.reasons and verdict.outcome is answer.outcome
    ]
    profiles = dict.fromkeys(f"{wording.name(one.profile.title)} v{one.profile.version}" for one in decided)
    return ShownVerdict(
        span=span,
        sign=_SIGNS[answer.outcome],
        outcome=answer.outcome.value,
        coverage=f"{answer.coverage:.1%}",
        profile=", ".join(profiles),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _said(verdict: Verdict, wording: Wording) -> str:
    """The reason that decided, its rule in words and not by its name."""
    first = verdict.reasons[0]
    why = said(replace(first, rule=None), wording.language)
    if first.rule is None:
        return why
    return wording.say("verdict_reason", rule=wording.rule(first.rule, verdict.profile), why=why)

"""Verdicts: conform, non-conform or not demonstrable, with reasons, coverage, bounds and what they rest on.

`decide` is pure and takes figures that were summed elsewhere; `of_series` gets them from one point's
readings.
"""

from coldchain.verdicts.decision import Evidence, Limits, decide, worst
from coldchain.verdicts.series import evidence_of, of_series, span_of
from coldchain.verdicts.together import joined
from coldchain.verdicts.values import Figure, Outcome, Reason, ReasonKind, Verdict, said

__all__ = [
    "Evidence",
    "Figure",
    "Limits",
    "Outcome",
    "Reason",
    "ReasonKind",
    "Verdict",
    "decide",
    "evidence_of",
    "joined",
    "of_series",
    "said",
    "span_of",
    "worst",
]

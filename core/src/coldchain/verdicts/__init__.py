"""Verdicts: conform, non-conform or not demonstrable, with reasons, coverage, bounds and what they rest on.

`decide` is pure and takes figures that were summed elsewhere; `of_series` gets them from one point's
readings.
"""

from coldchain.verdicts.decision import Evidence, Limits, decide, in_time, worst
from coldchain.verdicts.document import excursion_document, reason_document, verdict_document
from coldchain.verdicts.series import evidence_of, of_series, span_of, worst_mean
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
    "excursion_document",
    "in_time",
    "joined",
    "of_series",
    "reason_document",
    "said",
    "span_of",
    "verdict_document",
    "worst",
    "worst_mean",
]

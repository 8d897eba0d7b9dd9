"""A second judge, plain and slow, written from docs/judging.md alone: it shares no line with the product.

It looks at a whole series at once, walks every piece of time by itself, and sums in floating point. Where it
and the product disagree, one of them or the page is wrong.
"""

from reference.second_judge.excursions import excursions
from reference.second_judge.exposure import account, kinetic_mean
from reference.second_judge.values import Limit, Question, Reading, taken
from reference.second_judge.verdicts import verdict

__all__ = ["Limit", "Question", "Reading", "account", "excursions", "kinetic_mean", "taken", "verdict"]

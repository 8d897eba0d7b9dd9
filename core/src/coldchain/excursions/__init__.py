"""Excursions: intervals of event time in which a rule's limit was broken, found step by step.

`step` is pure and incremental, `run` the same over a list, `judge` the same over a whole series.

An excursion opens at the first reading that breaks the limit and closes at the first that is clear of it by
the hysteresis. Out-time accrues behind each reading that breaks the limit, until the next reading; a reading
within the hysteresis keeps the excursion open and lets no time accrue. Where the next reading is farther than
the gap limit, the earlier one speaks for one expected interval: the rest is unknown, neither advances nor
resets a delay, and is told as `data_gap`. `Until` goes no further than one expected interval behind the last
reading, which no later reading takes back.
"""

from coldchain.excursions.steps import INITIAL, glance, judge, next_due, run, step
from coldchain.excursions.values import (
    Change,
    ChangeKind,
    Excursion,
    Judged,
    Judgement,
    Sample,
    Series,
    State,
    Until,
    excursion_id,
)

__all__ = [
    "INITIAL",
    "Change",
    "ChangeKind",
    "Excursion",
    "Judged",
    "Judgement",
    "Sample",
    "Series",
    "State",
    "Until",
    "excursion_id",
    "glance",
    "judge",
    "next_due",
    "run",
    "step",
]

"""Judging: readings → excursions, alerts and what is told, in one commit; and any question about them."""

from coldchain_backend.judging.alert_answers import Figures
from coldchain_backend.judging.answers import Answers
from coldchain_backend.judging.batches import WORST_RANK
from coldchain_backend.judging.checks import CellDifference, differing_cells
from coldchain_backend.judging.compliance import Kept, together
from coldchain_backend.judging.consumer import Judging
from coldchain_backend.judging.contracts import Progress, SensorState, StoredExcursion
from coldchain_backend.judging.follow import Follower
from coldchain_backend.judging.grades import grades_of
from coldchain_backend.judging.inquiry import Answer, Asked, Examined, PointAnswer
from coldchain_backend.judging.news import News
from coldchain_backend.judging.present import Settings
from coldchain_backend.judging.revocations import Revocation
from coldchain_backend.judging.traces import spells_at
from coldchain_backend.judging.views import (
    AlertFilter,
    AlertOrder,
    AlertStory,
    AttemptView,
    Board,
    Bucket,
    Condition,
    Counts,
    DeliveryView,
    PointStatus,
    Trace,
)

__all__ = [
    "WORST_RANK",
    "AlertFilter",
    "AlertOrder",
    "AlertStory",
    "Answer",
    "Answers",
    "Asked",
    "AttemptView",
    "Board",
    "Bucket",
    "CellDifference",
    "Condition",
    "Counts",
    "DeliveryView",
    "Examined",
    "Figures",
    "Follower",
    "Judging",
    "Kept",
    "News",
    "PointAnswer",
    "PointStatus",
    "Progress",
    "Revocation",
    "SensorState",
    "Settings",
    "StoredExcursion",
    "Trace",
    "differing_cells",
    "grades_of",
    "spells_at",
    "together",
]

"""Following: readings from an InfluxDB that others write into; each once, sealed on receipt."""

from coldchain_backend.ingest.follow.contracts import (
    FollowPorts,
    Keep,
    LedgerReader,
    SeriesPoints,
    Source,
    Span,
    StoreFacts,
    Tags,
)
from coldchain_backend.ingest.follow.follower import Follower
from coldchain_backend.ingest.follow.rules import Passed, Rule
from coldchain_backend.ingest.follow.settings import FollowSection, SeriesEntry, Unit
from coldchain_backend.ingest.follow.source import InfluxSource
from coldchain_backend.ingest.follow.state import ALERTED, NOT_KEPT, FollowState, Rescan
from coldchain_backend.ingest.follow.taken import Taken

__all__ = [
    "ALERTED",
    "NOT_KEPT",
    "FollowPorts",
    "FollowSection",
    "FollowState",
    "Follower",
    "InfluxSource",
    "Keep",
    "LedgerReader",
    "Passed",
    "Rescan",
    "Rule",
    "SeriesEntry",
    "SeriesPoints",
    "Source",
    "Span",
    "StoreFacts",
    "Tags",
    "Taken",
    "Unit",
]

"""What stands in InfluxDB: points by time, cells of an answer, what is known of a bucket."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Precision(StrEnum):
    """Unit of the times in a body."""

    MS = "ms"
    NS = "ns"


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketFacts:
    """What is known of a bucket; `retention_ms` 0: it keeps for ever, None: not known."""

    version: str
    there: bool
    retention_ms: int | None = None
    date_ms: int | None = None


Cell = str | int | float | bool | None
Fields = Mapping[str, Cell]
SeriesTags = tuple[tuple[str, str], ...]
Points = Mapping[int, Fields]
"""Fields by time (ns)."""

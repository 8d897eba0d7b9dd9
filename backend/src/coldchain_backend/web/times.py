"""Times as API and page write them for programs, and as they take them."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator


def iso(at_ms: int) -> str:
    """A time as the API writes it: ISO 8601, UTC, milliseconds."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def _written(said: object) -> object:
    """Refuse numbers, which would be taken for seconds since 1970: `2026` is a year to whoever wrote it."""
    if isinstance(said, int | float) or (
        isinstance(said, str) and said.replace(".", "", 1).lstrip("+-").isdigit()
    ):
        raise ValueError("a time is written with its zone, such as 2026-11-24T02:40:00Z")
    return said


Instant = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A time with its zone, as ISO 8601."""

"""Times as API and page write them for programs."""

from datetime import UTC, datetime


def iso(at_ms: int) -> str:
    """A time as the API writes it: ISO 8601, UTC, milliseconds."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"

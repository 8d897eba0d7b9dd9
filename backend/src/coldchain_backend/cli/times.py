"""Times as people give them to commands."""

from datetime import UTC, datetime

import typer


def time_of(text: str, option: str) -> datetime:
    """An aware time from ISO 8601, UTC where nothing else is said; a bad one is told with its option."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option}: {text!r} is not a time such as 2026-11-01T08:00") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)

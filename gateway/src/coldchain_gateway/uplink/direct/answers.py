"""What a foreign InfluxDB's answer to a write means: decided here, obeyed by the follower."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

MAX_MESSAGE: Final = 300


class Fate(StrEnum):
    """The words of log, status and tests."""

    WRITTEN = "written"
    REFUSED = "refused"  # something in it will never be taken: look for it
    TOO_LARGE = "too_large"  # send less at once
    DENIED = "denied"  # token, organisation or bucket: a person must act; everything is kept
    THROTTLED = "throttled"  # wait as told
    FAILED = "failed"  # anything else; tried again
    UNREACHABLE = "unreachable"


_FATES: Final[Mapping[int, Fate]] = {
    200: Fate.WRITTEN,
    204: Fate.WRITTEN,
    400: Fate.REFUSED,
    422: Fate.REFUSED,
    413: Fate.TOO_LARGE,
    401: Fate.DENIED,
    403: Fate.DENIED,
    404: Fate.DENIED,
    429: Fate.THROTTLED,
    503: Fate.THROTTLED,
}


def fate_of(status: int) -> Fate:
    """By the status alone: messages differ from version to version."""
    return _FATES.get(status, Fate.FAILED)


def message_of(status: int, body: bytes) -> str:
    """What the server said, for people."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    said = document.get("message", "") if isinstance(document, dict) else body.decode("utf-8", "replace")
    return f"HTTP {status}: {said}"[:MAX_MESSAGE]

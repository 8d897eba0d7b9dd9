"""What a channel composes, what a sender brings back, and what that means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A POST: these bytes go out exactly as they are."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer: `body` is its beginning only; header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoResponse:
    """No answer: network, time-out, or a target that is not allowed."""

    reason: str
    forbidden: bool = False


class Fate(StrEnum):
    """What became of an attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"  # will pass: tried again soon
    SLOW = "slow"  # needs a person at the other end: tried again rarely, and told


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Fate, reason for the timeline, and how long the receiver asked to be left alone, in ms."""

    fate: Fate
    reason: str = ""
    retry_after_ms: int | None = None

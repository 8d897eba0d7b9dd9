"""What an answer to a write means for the batches that were sent: each is held, refused for good, or kept."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

# A server may ask for patience, not for silence: longer waits are cut to this.
MAX_RETRY_AFTER_MS: Final = 15 * 60 * 1000
Name = tuple[str, int]  # run, seq


class OutcomeKind(StrEnum):
    """The words of log, status and tests."""

    ACCEPTED = "accepted"
    PARTLY = "partly"  # fates differ per batch
    THROTTLED = "throttled"  # 429, 503: wait as told
    DENIED = "denied"  # 401, 403, 404: a person must act; everything is kept
    TOO_LARGE = "too_large"  # 413: fewer batches per request
    FAILED = "failed"  # anything else the server says; kept, tried again
    UNREACHABLE = "unreachable"  # no answer at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What to do with what was sent."""

    kind: OutcomeKind
    held: frozenset[Name] = frozenset()  # durable at the backend
    refused: frozenset[Name] = frozenset()  # never accepted: dead letter and hole
    heads: tuple[tuple[str, int], ...] = ()  # run:held as the backend says it
    watch: str | None = None  # version of the watch bundle
    retry_after_ms: int | None = None
    message: str = ""

    @property
    def reached(self) -> bool:
        """Whether the backend took the request in, so that the way is open."""
        return self.kind in (OutcomeKind.ACCEPTED, OutcomeKind.PARTLY)


_STORED: Final = frozenset({"stored", "duplicate"})
_REFUSED: Final = frozenset({"refused_hash", "refused_signature"})
_KINDS: Final[Mapping[int, OutcomeKind]] = {
    401: OutcomeKind.DENIED,
    403: OutcomeKind.DENIED,
    404: OutcomeKind.DENIED,
    413: OutcomeKind.TOO_LARGE,
    429: OutcomeKind.THROTTLED,
    503: OutcomeKind.THROTTLED,
}


def unreachable(message: str) -> Outcome:
    """There was no answer."""
    return Outcome(kind=OutcomeKind.UNREACHABLE, message=message)


def read_outcome(
    status: int, headers: Mapping[str, str], body: bytes, sent: Sequence[Name], now_ms: int
) -> Outcome:
    """Read an answer; header names are in lower case."""
    heads = held_heads(headers.get("coldchain-held", ""))
    watch = headers.get("coldchain-watch")
    if status == 204:
        return Outcome(kind=OutcomeKind.ACCEPTED, held=frozenset(sent), heads=heads, watch=watch)
    message, fates = _error(body)
    names = frozenset(sent)
    held = frozenset(name for name, fate in fates.items() if fate in _STORED) & names
    refused = frozenset(name for name, fate in fates.items() if fate in _REFUSED) & names
    if status == 422 and not fates and len(sent) == 1:
        refused = names
    kind = _KINDS.get(status, OutcomeKind.FAILED)
    if status == 422 and not fates and len(sent) > 1:
        kind = OutcomeKind.TOO_LARGE  # no word on which one: send fewer until it is alone
    elif status == 422 and (held or refused):
        kind = OutcomeKind.PARTLY
    return Outcome(
        kind=kind,
        held=held,
        refused=refused,
        heads=heads,
        watch=watch,
        retry_after_ms=retry_after_ms(headers.get("retry-after"), now_ms),
        message=f"HTTP {status}: {message}",
    )


def held_heads(header: str) -> tuple[tuple[str, int], ...]:
    """`run:held,run:held`; what cannot be read is passed over."""
    heads: list[tuple[str, int]] = []
    for part in header.split(","):
        run, _, held = part.strip().rpartition(":")
        if run and held.isdecimal() and len(held) < 19:
            heads.append((run, int(held)))
    return tuple(heads)


def retry_after_ms(header: str | None, now_ms: int) -> int | None:
    """Seconds or an HTTP date, as a wait from now; None where nothing readable was said."""
    if header is None:
        return None
    text = header.strip()
    if text.isdecimal():
        return min(int(text[:9]) * 1000, MAX_RETRY_AFTER_MS)
    try:
        then_ms = int(parsedate_to_datetime(text).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0, then_ms - now_ms), MAX_RETRY_AFTER_MS)


def _error(body: bytes) -> tuple[str, dict[Name, str]]:
    """Message and fates of an error document; an answer of a proxy has neither."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body[:120].decode("utf-8", "replace"), {}
    if not isinstance(document, dict):
        return "", {}
    fates: dict[Name, str] = {}
    listed = document.get("batches")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and isinstance(item.get("seq"), int):
            fates[str(item.get("run")), item["seq"]] = str(item.get("fate"))
    return str(document.get("message", "")), fates

"""What an HTTP answer means, by its status and by what its body says. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import orjson

from coldchain_backend.delivery.request import Answer, Fate, NoResponse, Outcome, Response

_PASSING: Final = frozenset({408, 425, 429})
_SAID: Final = 200
"""So many characters of a body stand in the reason."""


def by_status(answer: Answer, now_ms: int) -> Outcome:
    """2xx arrived; 408, 425, 429, 5xx and no answer pass; 410 is the end; the rest needs a person.

    Redirects were not followed and count as failures.
    """
    if isinstance(answer, NoResponse):
        return Outcome(fate=Fate.SLOW if answer.forbidden else Fate.RETRY, reason=answer.reason)
    status = answer.status
    if 200 <= status < 300:
        return Outcome(fate=Fate.DELIVERED, reason=f"HTTP {status}")
    said = said_in(answer)
    reason = f"HTTP {status}" + (f": {said}" if said else "")
    if status in _PASSING or status >= 500:
        return Outcome(fate=Fate.RETRY, reason=reason, retry_after_ms=retry_after_ms(answer, now_ms))
    return Outcome(fate=Fate.GONE if status == 410 else Fate.SLOW, reason=reason)


def by_code(  # noqa: PLR0913 - each names one part of a robot's answer
    answer: Answer, now_ms: int, *, code: str, message: str, busy: frozenset[int], other: str | None = None
) -> Outcome:
    """A robot's answer: 2xx says nothing, the body's number `code` must be 0.

    `busy`: codes that mean too many messages; they pass. `other`: the name that older versions gave the code.
    """
    outcome = by_status(answer, now_ms)
    if outcome.fate is not Fate.DELIVERED or isinstance(answer, NoResponse):
        return outcome
    fields = fields_of(answer)
    found = fields.get(code, fields.get(other) if other is not None else None)
    if isinstance(found, bool) or not isinstance(found, int):
        return Outcome(fate=Fate.SLOW, reason=f"HTTP {answer.status} without `{code}`: {said_in(answer)}")
    if found == 0:
        return Outcome(fate=Fate.DELIVERED, reason=f"HTTP {answer.status}, {code} 0")
    reason = f"HTTP {answer.status}, {code} {found}: {str(fields.get(message, ''))[:_SAID]}"
    return Outcome(fate=Fate.RETRY if found in busy else Fate.SLOW, reason=reason)


def fields_of(answer: Response) -> Mapping[str, object]:
    """The JSON object in a body; empty where there is none."""
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def said_in(answer: Response) -> str:
    """The beginning of a body, fit for one line."""
    text = answer.body[: _SAID * 4].decode("utf-8", errors="replace")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:_SAID]


def retry_after_ms(answer: Response, now_ms: int) -> int | None:
    """Retry-After, in seconds or as a date, from `now_ms` on; None where it says nothing sensible."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) <= 9:
        return int(value) * 1000
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    try:
        wait_ms = round(aware.timestamp() * 1000) - now_ms
    except (ValueError, OverflowError):
        return None
    return max(0, wait_ms)


def iso(at_ms: int) -> str:
    """ISO 8601, UTC, whole seconds, or milliseconds where there are some; as Go writes an instant."""
    text = datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    part = f"{at_ms % 1000:03d}".rstrip("0")
    return f"{text}.{part}Z" if part else f"{text}Z"

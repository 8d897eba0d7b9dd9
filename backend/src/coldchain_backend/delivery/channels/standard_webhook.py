"""Standard Webhooks 1.0.0: the body goes out as it was queued, signed at the time of the attempt."""

from collections.abc import Sequence
from typing import Final

from coldchain_backend.delivery.queue import Queued
from coldchain_backend.delivery.request import Fate, NoResponse, Outcome, Request, Response
from coldchain_backend.delivery.signing import signature

_PASSING: Final = frozenset({408, 425, 429})
USER_AGENT: Final = "Coldchain (Standard Webhooks 1.0.0)"


def compose(queued: Queued, url: str, keys: Sequence[bytes], now_ms: int) -> Request:
    """The request of one attempt; with several keys (rotation) all signatures are in the list."""
    timestamp_s = now_ms // 1000
    signatures = " ".join(signature(key, queued.id, timestamp_s, queued.body) for key in keys)
    return Request(
        url=url,
        headers={
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "webhook-id": queued.id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": signatures,
        },
        body=queued.body,
    )


def read(answer: Response | NoResponse) -> Outcome:
    """What an answer means; redirects were not followed."""
    if isinstance(answer, NoResponse):
        return Outcome(fate=Fate.SLOW if answer.forbidden else Fate.RETRY, reason=answer.reason)
    status = answer.status
    if 200 <= status < 300:
        return Outcome(fate=Fate.DELIVERED, reason=f"HTTP {status}")
    said = answer.body[:200].decode("utf-8", errors="replace").strip()
    reason = f"HTTP {status}" + (f": {said}" if said else "")
    if status in _PASSING or status >= 500:
        return Outcome(fate=Fate.RETRY, reason=reason, retry_after_ms=_retry_after(answer))
    return Outcome(fate=Fate.SLOW, reason=reason)


def _retry_after(answer: Response) -> int | None:
    """Retry-After in seconds; the date form is not honoured."""
    value = answer.headers.get("retry-after", "").strip()
    return int(value) * 1000 if value.isascii() and value.isdigit() and len(value) <= 9 else None

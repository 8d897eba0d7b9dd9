"""Standard Webhooks 1.0.0: the body goes out as it was queued, signed at the time of the attempt."""

from typing import Final

from coldchain_backend.delivery.request import Fate, NoResponse, Outcome, Request, Response
from coldchain_backend.delivery.signing import key_of, signature
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.fleet import Webhook

_PASSING: Final = frozenset({408, 425, 429})
USER_AGENT: Final = "Coldchain (Standard Webhooks 1.0.0)"


def compose(telling: Telling) -> Request:
    """The request of one attempt; while a secret is being changed both signatures are in the list."""
    settings, timestamp_s = telling.settings(Webhook), telling.now_ms // 1000
    keys = [key_of(telling.secrets[name]) for name in Webhook.SECRETS if name in telling.secrets]
    headers = {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": telling.id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(signature(key, telling.id, timestamp_s, telling.body) for key in keys),
    }
    return Request(url=settings.url, headers=headers, body=telling.body)


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

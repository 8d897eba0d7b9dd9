"""Standard Webhooks 1.0.0: the body goes out as it was queued, signed at the time of the attempt."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from coldchain_backend.delivery.answers import by_status, iso
from coldchain_backend.delivery.request import Answer, Outcome, Part, Request
from coldchain_backend.delivery.signing import key_of, signature
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.fleet import Webhook

USER_AGENT: Final = "Coldchain (Standard Webhooks 1.0.0)"


def compose(telling: Telling) -> tuple[Part, ...]:
    """The request of one attempt; while a secret is being changed both signatures are in the list."""
    settings, timestamp_s = telling.settings(Webhook), telling.now_ms // 1000
    telling.secret("secret")
    keys = [key_of(telling.secrets[name]) for name in Webhook.SECRETS if name in telling.secrets]
    headers = {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": telling.id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(signature(key, telling.id, timestamp_s, telling.body) for key in keys),
    }
    if settings.cloudevents:
        headers |= cloud_event(telling)
    return (Part(call=Request(url=settings.url, headers=headers, body=telling.body)),)


def cloud_event(telling: Telling) -> Mapping[str, str]:
    """Headers of CloudEvents 1.0.2, binary mode; what is not plain ASCII is percent-encoded."""
    notice = telling.notice
    headers = {
        "ce-specversion": "1.0",
        "ce-id": telling.id,
        "ce-source": f"urn:coldchain:{quote(notice.organisation, safe='')}",
        "ce-type": f"coldchain.{notice.type}.v1",
        "ce-time": iso(notice.at_ms),
    }
    return {**headers, "ce-subject": quote(notice.alert, safe="")} if notice.alert else headers


def read(answer: Answer, telling: Telling) -> Outcome:
    """Delivered is any 2xx."""
    return by_status(answer, telling.now_ms)

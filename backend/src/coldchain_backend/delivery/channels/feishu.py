"""Feishu and Lark group robots: a card, signed in the body; delivered is code 0."""

import base64
import hashlib
import hmac
from typing import Final

import orjson

from coldchain_backend.delivery.answers import by_code
from coldchain_backend.delivery.cutting import cut, cut_bytes
from coldchain_backend.delivery.notice import Notice
from coldchain_backend.delivery.request import Answer, Outcome, Part, Request
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.delivery.wording import Fact, message_of
from coldchain_backend.fleet import Feishu

MAX_BYTES: Final = 18_000
"""Of the text; unverified: about 20 KB for the whole message."""
_BUSY: Final = frozenset({9499, 11232})
"""Too many messages; unverified."""
_HEADERS: Final = {"content-type": "application/json; charset=utf-8", "user-agent": "Coldchain"}


def compose(telling: Telling) -> tuple[Part, ...]:
    """One card; the robot mentions nobody by mobile, so that persons are not mentioned."""
    telling.settings(Feishu)
    message = message_of(telling)
    lines = [message.text, *(_line(one) for one in message.facts)]
    text = cut_bytes("\n".join(lines), MAX_BYTES, message.cut_note)
    card = {
        "config": {"wide_screen_mode": True},
        "header": {
            "template": _colour(telling.notice),
            "title": {"tag": "plain_text", "content": cut(message.title, 200)},
        },
        "elements": [{"tag": "div", "text": {"tag": "lark_md", "content": text}}],
    }
    fields: dict[str, object] = {"msg_type": "interactive", "card": card}
    if "secret" in telling.secrets:
        timestamp_s = telling.now_ms // 1000
        sign = signature(telling.secret("secret"), timestamp_s)
        fields = {"timestamp": str(timestamp_s), "sign": sign, **fields}
    return (Part(call=Request(url=telling.secret("url"), headers=_HEADERS, body=orjson.dumps(fields))),)


def read(answer: Answer, telling: Telling) -> Outcome:
    """Delivered is `code` 0 in the body, `StatusCode` 0 of older robots."""
    return by_code(answer, telling.now_ms, code="code", message="msg", busy=_BUSY, other="StatusCode")


def signature(secret: str, timestamp_s: int) -> str:
    """Base64 of HMAC-SHA256 over nothing, keyed by time and secret."""
    digest = hmac.new(f"{timestamp_s}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _colour(notice: Notice) -> str:
    if notice.ended:
        return "green"
    return "red" if notice.level == "alarm" else "orange"


def _line(fact: Fact) -> str:
    if fact.url is not None:
        return f"[{fact.label}]({fact.url})"
    return f"**{fact.label}**: {fact.text}" if fact.label else fact.text

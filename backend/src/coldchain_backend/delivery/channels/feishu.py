"""Feishu and Lark group robots: a card, signed in the body; delivered is code 0."""

import base64
import hashlib
import hmac
from typing import Final

import orjson

from coldchain_backend.delivery.answers import by_code
from coldchain_backend.delivery.cutting import cut, cut_before, fitting
from coldchain_backend.delivery.notice import Notice
from coldchain_backend.delivery.request import Answer, Outcome, Part, Request
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.delivery.wording import message_of
from coldchain_backend.fleet import Feishu

MAX_BYTES: Final = 20_000
"""Of the whole message."""
_BUSY: Final = frozenset({11232})
"""Too many messages. 9499 stands for a body that is refused: sent again as it is, it is refused again."""
_HEADERS: Final = {"content-type": "application/json; charset=utf-8", "user-agent": "Coldchain"}


def compose(telling: Telling) -> tuple[Part, ...]:
    """One card; the robot mentions nobody by mobile, so that persons are not mentioned."""
    telling.settings(Feishu)
    message, signed = message_of(telling), _signed(telling)
    said = "\n".join((message.text, *(one.markdown() for one in message.told())))
    kept = [one.markdown() for one in message.answers()]
    header = {
        "template": _colour(telling.notice),
        "title": {"tag": "plain_text", "content": cut(message.title, 200)},
    }

    def written(room: int) -> bytes:
        text = {"tag": "lark_md", "content": cut_before(said, kept, room, message.cut_note)}
        card = {"config": {"wide_screen_mode": True}, "header": header,
                "elements": [{"tag": "div", "text": text}]}  # fmt: skip
        return orjson.dumps({**signed, "msg_type": "interactive", "card": card})

    body = fitting(written, MAX_BYTES)
    return (Part(call=Request(url=telling.secret("url"), headers=_HEADERS, body=body)),)


def read(answer: Answer, telling: Telling) -> Outcome:
    """Delivered is `code` 0 in the body, `StatusCode` 0 of older robots."""
    return by_code(answer, telling.now_ms, code="code", message="msg", busy=_BUSY, other="StatusCode")


def signature(secret: str, timestamp_s: int) -> str:
    """Base64 of HMAC-SHA256 over nothing, keyed by time and secret."""
    digest = hmac.new(f"{timestamp_s}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _signed(telling: Telling) -> dict[str, str]:
    """What a robot that checks signatures wants in the body; nothing for others."""
    if "secret" not in telling.secrets:
        return {}
    timestamp_s = telling.now_ms // 1000
    return {"timestamp": str(timestamp_s), "sign": signature(telling.secret("secret"), timestamp_s)}


def _colour(notice: Notice) -> str:
    if notice.ended:
        return "green"
    return "red" if notice.level == "alarm" else "orange"

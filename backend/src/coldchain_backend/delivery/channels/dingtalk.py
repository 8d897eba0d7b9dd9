"""DingTalk group robots: markdown, signed in the address, mentions by mobile; delivered is errcode 0."""

import base64
import hashlib
import hmac
from typing import Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import orjson

from coldchain_backend.delivery.answers import by_code
from coldchain_backend.delivery.cutting import cut, cut_before, fitting
from coldchain_backend.delivery.request import Answer, Outcome, Part, Request
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.delivery.wording import message_of
from coldchain_backend.fleet import DingTalk

MAX_BYTES: Final = 20_000
"""Of the whole message; unverified."""
_BUSY: Final = frozenset({-1, 130101, 410100})
"""Busy, or more than 20 messages a minute; the last unverified."""
_HEADERS: Final = {"content-type": "application/json; charset=utf-8", "user-agent": "Coldchain"}


def compose(telling: Telling) -> tuple[Part, ...]:
    """One message; persons with a mobile are mentioned when an alert fires."""
    telling.settings(DingTalk)
    message = message_of(telling)
    mobiles = telling.mentioned()
    said = "\n\n".join((f"### {message.title}", message.text, *(one.markdown() for one in message.told())))
    kept = (*(one.markdown() for one in message.answers()), " ".join(f"@{mobile}" for mobile in mobiles))

    def written(room: int) -> bytes:
        text = cut_before(said, kept, room, message.cut_note, between="\n\n")
        markdown = {"title": cut(message.title, 64), "text": text}
        at = {"atMobiles": mobiles, "isAtAll": False}
        return orjson.dumps({"msgtype": "markdown", "markdown": markdown, "at": at})

    body = fitting(written, MAX_BYTES)
    return (Part(call=Request(url=_signed(telling), headers=_HEADERS, body=body)),)


def read(answer: Answer, telling: Telling) -> Outcome:
    """Delivered is `errcode` 0 in the body."""
    return by_code(answer, telling.now_ms, code="errcode", message="errmsg", busy=_BUSY)


def signature(secret: str, now_ms: int) -> str:
    """Base64 of HMAC-SHA256 over time and secret, keyed by the secret."""
    digest = hmac.new(secret.encode(), f"{now_ms}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _signed(telling: Telling) -> str:
    url = telling.secret("url")
    if "secret" not in telling.secrets:
        return url
    sign = signature(telling.secret("secret"), telling.now_ms)
    parts = urlsplit(url)
    added = urlencode({"timestamp": telling.now_ms, "sign": sign}, quote_via=quote, safe="")
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))

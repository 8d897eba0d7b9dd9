"""WeCom group robots: markdown, or text where persons are mentioned by mobile; delivered is errcode 0."""

from typing import Final

import orjson

from coldchain_backend.delivery.answers import by_code
from coldchain_backend.delivery.cutting import cut_before
from coldchain_backend.delivery.request import Answer, Outcome, Part, Request
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.delivery.wording import message_of
from coldchain_backend.fleet import WeCom

MAX_TEXT: Final = 2048
MAX_MARKDOWN: Final = 4096
"""Bytes of the content."""
_BUSY: Final = frozenset({-1, 45009, 45033})
"""Busy, too many messages, too many at once."""
_HEADERS: Final = {"content-type": "application/json; charset=utf-8", "user-agent": "Coldchain"}


def compose(telling: Telling) -> tuple[Part, ...]:
    """One message; markdown can mention nobody by mobile, so that a fire for persons is plain text."""
    telling.settings(WeCom)
    message = message_of(telling)
    mobiles = telling.mentioned()
    if mobiles:
        lines = (message.title, message.text, *(one.line() for one in message.told()))
        kept = [one.line() for one in message.answers()]
        text = cut_before("\n".join(lines), kept, MAX_TEXT, message.cut_note)
        said: dict[str, object] = {"content": text, "mentioned_mobile_list": mobiles}
        body = orjson.dumps({"msgtype": "text", "text": said})
    else:
        lines = (f"### {message.title}", message.text, *(one.markdown() for one in message.told()))
        kept = [one.markdown() for one in message.answers()]
        text = cut_before("\n".join(lines), kept, MAX_MARKDOWN, message.cut_note)
        body = orjson.dumps({"msgtype": "markdown", "markdown": {"content": text}})
    return (Part(call=Request(url=telling.secret("url"), headers=_HEADERS, body=body)),)


def read(answer: Answer, telling: Telling) -> Outcome:
    """Delivered is `errcode` 0 in the body."""
    return by_code(answer, telling.now_ms, code="errcode", message="errmsg", busy=_BUSY)

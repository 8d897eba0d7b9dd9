"""Microsoft Teams through a workflow: one adaptive card."""

from collections.abc import Iterator
from typing import Final

import orjson

from coldchain_backend.delivery.answers import by_status
from coldchain_backend.delivery.cutting import cut, cut_bytes, fitting
from coldchain_backend.delivery.notice import Notice
from coldchain_backend.delivery.request import Answer, Outcome, Part, Request
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.delivery.wording import Message, message_of
from coldchain_backend.fleet import Teams

MAX_BYTES: Final = 20_000
"""Of a message: 28 KB are published, while refusals of 21 kB and more are reported; unverified."""
_CONTENT: Final = "application/vnd.microsoft.card.adaptive"
_SCHEMA: Final = "http://adaptivecards.io/schemas/adaptive-card.json"
_HEADERS: Final = {"content-type": "application/json", "user-agent": "Coldchain"}


def compose(telling: Telling) -> tuple[Part, ...]:
    """One card: coloured title, sentence, facts, buttons; the last facts are left off if too large."""
    telling.settings(Teams)
    message = message_of(telling)

    def written(room: int) -> bytes:
        """`room` is for the texts: half of it for the sentence, the rest for facts."""
        sentence = cut_bytes(message.text, room // 2, message.cut_note)
        facts = list(_facts(message, room - len(sentence.encode())))
        note = message.cut_note if len(facts) < len(message.facts) else ""
        return _written(telling.notice, message, sentence, facts, note)

    body = fitting(written, MAX_BYTES)
    return (Part(call=Request(url=telling.secret("url"), headers=_HEADERS, body=body)),)


def read(answer: Answer, telling: Telling) -> Outcome:
    """Delivered is any 2xx; a workflow is asynchronous and tells no more."""
    return by_status(answer, telling.now_ms)


def _facts(message: Message, room: int) -> Iterator[dict[str, str]]:
    """The first facts, in so many bytes."""
    for one in message.facts:
        room -= len(f"{one.label}{one.text}".encode())
        if room < 0:
            return
        yield {"title": one.label, "value": one.text}


def _written(
    notice: Notice, message: Message, sentence: str, facts: list[dict[str, str]], note: str
) -> bytes:
    colour = "Good" if notice.ended else ("Attention" if notice.level == "alarm" else "Warning")
    blocks: list[dict[str, object]] = [
        {"type": "TextBlock", "text": cut(message.title, 500), "weight": "Bolder", "size": "Medium",
         "wrap": True, "color": colour},
        {"type": "TextBlock", "text": sentence, "wrap": True},
    ]  # fmt: skip
    if facts:
        blocks.append({"type": "FactSet", "facts": facts})
    if note:
        blocks.append({"type": "TextBlock", "text": note, "wrap": True})
    card: dict[str, object] = {"$schema": _SCHEMA, "type": "AdaptiveCard", "version": "1.2", "body": blocks,
                               "msteams": {"width": "full"}}  # fmt: skip
    actions = [
        {"type": "Action.OpenUrl", "title": one.label, "url": one.url}
        for one in message.facts
        if one.url is not None
    ]
    if actions:
        card["actions"] = actions
    attachment = {"contentType": _CONTENT, "contentUrl": None, "content": card}
    return orjson.dumps({"type": "message", "attachments": [attachment]})

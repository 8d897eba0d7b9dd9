"""Slack incoming webhooks: a fallback text and blocks; delivered is 200 with `ok`."""

from typing import Final

import orjson

from coldchain_backend.delivery.answers import by_status, fields_of, said_in
from coldchain_backend.delivery.cutting import cut
from coldchain_backend.delivery.request import Answer, Fate, NoResponse, Outcome, Part, Request
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.delivery.wording import Fact, Message, message_of
from coldchain_backend.fleet import Slack

MAX_SECTION: Final = 3000
"""Characters of a section's text."""
_BUSY: Final = frozenset(
    {"ratelimited", "rate_limited", "service_unavailable", "fatal_error", "internal_error"}
)
_HEADERS: Final = {"content-type": "application/json; charset=utf-8", "user-agent": "Coldchain"}


def compose(telling: Telling) -> tuple[Part, ...]:
    """One message: bold title and sentence, facts, links; each by itself, so that facts cut off no link."""
    telling.settings(Slack)
    message = message_of(telling)
    lines = ("\n".join(_line(one) for one in facts) for facts in (message.told(), message.answers()))
    said = (f"*{escaped(message.title)}*\n{escaped(message.text)}", *lines)
    blocks = [_section(text, message) for text in said if text]
    fallback = cut(escaped(f"{message.title}\n{message.text}"), MAX_SECTION)
    body = orjson.dumps({"text": fallback, "blocks": blocks})
    return (Part(call=Request(url=telling.secret("url"), headers=_HEADERS, body=body)),)


def read(answer: Answer, telling: Telling) -> Outcome:
    """The body is `ok`, or an object whose `ok` is true; 200 with anything else is a failure."""
    outcome = by_status(answer, telling.now_ms)
    if isinstance(answer, NoResponse) or outcome.fate is not Fate.DELIVERED:
        return outcome
    fields = fields_of(answer)
    if answer.body.strip() == b"ok" or fields.get("ok") is True:
        return outcome
    error = fields.get("error")
    fate = Fate.RETRY if isinstance(error, str) and error in _BUSY else Fate.SLOW
    return Outcome(fate=fate, reason=f"HTTP {answer.status}: {said_in(answer)}")


def escaped(text: str) -> str:
    """Text that Slack shows as it is: no mention of everybody, no link in disguise."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(fact: Fact) -> str:
    text = escaped(fact.text) if fact.url is None else f"<{escaped(fact.url)}>"
    return f"*{escaped(fact.label)}*: {text}" if fact.label else text


def _section(text: str, message: Message) -> dict[str, object]:
    text = cut(text, MAX_SECTION, message.cut_note)
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}

"""Text messages and calls through a provider's HTTP API: short variables in the fleet file's template."""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

import orjson

from coldchain.errors import InvalidInput
from coldchain_backend.delivery.answers import by_status, fields_of, said_in
from coldchain_backend.delivery.cutting import cut
from coldchain_backend.delivery.phrases import PHRASES
from coldchain_backend.delivery.request import Answer, Fate, NoResponse, Outcome, Part, Request, Response
from coldchain_backend.delivery.telling import Addressee, Telling
from coldchain_backend.delivery.wording import celsius, event_word, level_word, minutes_text
from coldchain_backend.fleet import Provider, Success
from coldchain_backend.fleet.templates import filled, variables

MAX_TOGETHER: Final = 70
"""Characters that the variables of one message take: what fits one text message with Chinese in it."""
_FREE: Final = frozenset({"phone", "secret", "id"})
"""Variables that are no text for people."""
_ORDER: Final = ("code", "value", "level", "event", "minutes", "limit", "place")
"""The last is cut first."""


def requests(
    telling: Telling, settings: Provider, number: Callable[[Addressee], str | None]
) -> tuple[Part, ...]:
    """One request for each number; nobody's number stands in a part's key."""
    functions = [(f"to-{index}", phone) for index, phone in enumerate(settings.to)]
    people = [(one.id, phone) for one in telling.people if (phone := number(one))]
    return tuple(
        Part(key=key, call=_request(telling, settings, phone)) for key, phone in (*functions, *people)
    )


def judged(answer: Answer, telling: Telling, success: Success | None) -> Outcome:
    """2xx, and the field of the body that the fleet file names, where it names one."""
    outcome = by_status(answer, telling.now_ms)
    if isinstance(answer, NoResponse) or outcome.fate is not Fate.DELIVERED or success is None:
        return outcome
    found = _field(answer, success.field)
    if found == success.equals:
        return Outcome(fate=Fate.DELIVERED, reason=f"HTTP {answer.status}, {success.field} {found}")
    return Outcome(
        fate=Fate.SLOW, reason=f"HTTP {answer.status}, {success.field} {found!r}: {said_in(answer)}"
    )


def short_texts(telling: Telling, used: frozenset[str]) -> Mapping[str, str]:
    """The texts that `used` names, at most 70 characters together; a link never, a code instead."""
    notice, language = telling.notice, telling.language
    digest = notice.digest
    whole = {
        "code": telling.link.code if telling.link is not None and not notice.ended else "",
        "value": celsius(notice.value_c).replace(" ", ""),
        "level": level_word(notice, language),
        "event": event_word(notice, language) if digest is None else f"× {digest.count}",
        "minutes": minutes_text(notice.out_minutes),
        "limit": celsius(notice.limit_c).replace(" ", ""),
        "place": notice.place(language),
    }
    kept: dict[str, str] = {}
    room = MAX_TOGETHER
    for name in (one for one in _ORDER if one in used):
        kept[name] = cut(whole[name], room)
        room -= len(kept[name])
    return {**kept, "text": _sentence(telling, whole, room)} if "text" in used else kept


def _sentence(telling: Telling, whole: Mapping[str, str], room: int) -> str:
    """One short sentence; its place is cut first."""
    phrase = PHRASES[telling.language]["phrase"]
    code = phrase["short_code"].format(code=whole["code"]) if whole["code"] else ""
    how = phrase["short"] if whole["value"] else "{level} {place} {event} {code}"

    def written(place: str) -> str:
        return " ".join(how.format(**{**whole, "code": code, "place": place}).split())

    left = room - len(written("")) - 1
    return cut(written(cut(whole["place"], max(0, left))), room)


def _request(telling: Telling, settings: Provider, phone: str) -> Request:
    texts = (settings.url, settings.body, *settings.headers.values())
    used = frozenset(name for text in texts for name in variables("body", text))
    values = {"phone": phone, "id": telling.id, **short_texts(telling, used - _FREE)}
    if "secret" in used:
        values["secret"] = telling.secret("secret")
    headers = {name.lower(): filled(text, values) for name, text in settings.headers.items()}
    if any(not value.isascii() or not value.isprintable() for value in headers.values()):
        raise InvalidInput(f"{telling.receiver.name}: a header would hold more than plain text")
    write = _writer(settings.content_type)
    return Request(
        url=filled(settings.url, {name: quote(value, safe="") for name, value in values.items()}),
        headers={"user-agent": "Coldchain", "content-type": settings.content_type, **headers},
        body=filled(settings.body, {name: write(value) for name, value in values.items()}).encode(),
    )


def _writer(content_type: str) -> Callable[[str], str]:
    """How a value is written into a body of this kind, so that no value can add fields of its own."""
    if "json" in content_type:
        return lambda value: orjson.dumps(value).decode()[1:-1]
    if "x-www-form-urlencoded" in content_type:
        return lambda value: quote(value, safe="")
    if "xml" in content_type:
        return lambda value: value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return str


def _field(answer: Response, path: str) -> str | None:
    found: object = fields_of(answer)
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return None if found is None else str(found).lower() if isinstance(found, bool) else str(found)

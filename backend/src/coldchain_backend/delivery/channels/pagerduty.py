"""PagerDuty Events API v2: trigger, acknowledge and resolve under the alert's id."""

from collections.abc import Iterator
from typing import Final

import orjson

from coldchain_backend.delivery.answers import by_status, iso
from coldchain_backend.delivery.cutting import cut
from coldchain_backend.delivery.notice import OVER, Named, Notice
from coldchain_backend.delivery.request import Answer, Fate, Outcome, Part, Request
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.delivery.wording import message_of, place_and_value
from coldchain_backend.fleet import PagerDuty

MAX_SUMMARY: Final = 1024
MAX_DEDUP: Final = 255
MAX_MESSAGE: Final = 512 * 1024
_SEVERITY: Final = {"alarm": "critical", "warning": "warning"}
_Fields = dict[str, object]


def compose(telling: Telling) -> tuple[Part, ...]:
    """One event; of a digest one for each alert that it names, so that each can be ended by itself."""
    settings, key = telling.settings(PagerDuty), telling.secret("routing_key")
    return tuple(
        Part(key=part, call=Request(url=settings.url, headers=_HEADERS, body=_fitting(event)))
        for part, event in _events(telling, key)
    )


_HEADERS: Final = {"content-type": "application/json", "user-agent": "Coldchain (PagerDuty Events v2)"}


_ACTIONS: Final = {"acknowledged": "acknowledge"}


def read(answer: Answer, telling: Telling) -> Outcome:
    """Accepted is 202, any 2xx counts; 400 is a wrong event or key and is not sent again soon."""
    outcome = by_status(answer, telling.now_ms)
    if outcome.fate is Fate.GONE:
        return Outcome(fate=Fate.SLOW, reason=outcome.reason)
    return outcome


def action_of(notice: Notice) -> str:
    """trigger, acknowledge or resolve."""
    if notice.ended:
        return "resolve"
    return "acknowledge" if notice.acknowledges else "trigger"


def _events(telling: Telling, routing_key: str) -> Iterator[tuple[str, _Fields]]:
    notice, message = telling.notice, message_of(telling)
    if notice.digest is None:
        details: _Fields = {one.key: one.text for one in message.facts}
        payload = _payload(notice, notice.organisation, f"{message.title} · {message.text}", notice.at_ms)
        event = _event(routing_key, action_of(notice), notice.alert or telling.id)
        links = [{"href": one.url, "text": one.label} for one in message.facts if one.url is not None]
        yield "", {**event, "payload": {**payload, "custom_details": details}, "links": links}
        return
    for one in notice.digest.named:
        action = "resolve" if one.event in OVER else _ACTIONS.get(one.event, "trigger")
        at_ms = notice.at_ms if one.at_ms is None else one.at_ms
        payload = _payload(one, notice.organisation, place_and_value(one, telling.language), at_ms)
        yield f"{one.alert} {action}", {**_event(routing_key, action, one.alert), "payload": payload}


def _event(routing_key: str, action: str, alert: str) -> _Fields:
    dedup = cut(alert, MAX_DEDUP, "")
    return {"routing_key": routing_key, "event_action": action, "dedup_key": dedup, "client": "Coldchain"}


def _payload(about: Notice | Named, organisation: str, summary: str, at_ms: int) -> _Fields:
    return {
        "summary": cut(summary, MAX_SUMMARY),
        "source": about.zone or about.asset or about.gateway or organisation or "coldchain",
        "severity": _SEVERITY.get(about.level, "info"),
        "timestamp": iso(at_ms),
        "component": about.point or about.gateway or "",
        "group": about.asset or "",
        "class": about.kind,
    }


def _fitting(event: _Fields) -> bytes:
    """An event that is too large loses its details, and says so."""
    body = orjson.dumps(event)
    payload = event["payload"]
    if len(body) <= MAX_MESSAGE or not isinstance(payload, dict):
        return body
    note = {"note": "details left out: the event was larger than 512 KB"}
    return orjson.dumps({**event, "payload": {**payload, "custom_details": note}, "links": []})

"""What Alertmanager's webhook (version 4) sends, for receivers that already understand it.

Keys are those of 0.28; later versions added some.
"""

from collections.abc import Mapping
from typing import Final

import orjson

from coldchain.words import Language
from coldchain_backend.delivery.answers import by_status, iso
from coldchain_backend.delivery.notice import Notice
from coldchain_backend.delivery.request import Answer, Outcome, Part, Request
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.delivery.wording import Message, message_of
from coldchain_backend.fleet import Alertmanager

ZERO_TIME: Final = "0001-01-01T00:00:00Z"
GROUPED_BY: Final = ("alert_id", "alertname")
USER_AGENT: Final = "Alertmanager/0.28.1 (Coldchain)"
SEVERITY: Final = {"alarm": "critical", "warning": "warning"}
Labels = Mapping[str, str]


def compose(telling: Telling) -> tuple[Part, ...]:
    """One group of one alert; after a change of level a second one ends what stood under the old level."""
    settings = telling.settings(Alertmanager)
    headers = {"content-type": "application/json", "user-agent": USER_AGENT}
    if "authorization" in telling.secrets:
        headers["authorization"] = telling.secrets["authorization"].reveal()
    body = orjson.dumps(payload(telling), option=orjson.OPT_SORT_KEYS)
    return (Part(call=Request(url=settings.url, headers=headers, body=body)),)


def read(answer: Answer, telling: Telling) -> Outcome:
    """Delivered is any 2xx."""
    return by_status(answer, telling.now_ms)


def payload(telling: Telling) -> dict[str, object]:
    """The body as a JSON object."""
    notice, message = telling.notice, message_of(telling)
    labels = [labels_of(notice, notice.level)]
    alerts = [_alert(notice, message, labels[0], ended=notice.ended)]
    if notice.type in ("alert.level_changed", "alert.amended"):
        labels.append(labels_of(notice, "warning" if notice.level == "alarm" else "alarm"))
        alerts.append(_alert(notice, message, labels[1], ended=True))
    grouped = {name: labels[0].get(name, "") for name in GROUPED_BY}
    return {
        "version": "4",
        "receiver": telling.receiver.name,
        "status": "resolved" if notice.ended else "firing",
        "alerts": alerts,
        "groupLabels": grouped,
        "commonLabels": common(labels),
        "commonAnnotations": _annotations(notice, message),
        "externalURL": _root(notice.link),
        "groupKey": f"{{}}:{group_text(grouped)}",
        "truncatedAlerts": 0,
    }


def labels_of(notice: Notice, level: str) -> Labels:
    """What identifies an alert of a level to consumers, texts only."""
    found = {
        "alertname": notice.kind or notice.type,
        "alert_id": notice.alert,
        "severity": SEVERITY.get(level, level),
        "organisation": notice.organisation,
        "asset": notice.asset or "",
        "zone": notice.zone or "",
        "point": notice.point or "",
        "sensor": notice.sensor or "",
        "gateway": notice.gateway or "",
        "rule": notice.rule or "",
    }
    return {name: value for name, value in sorted(found.items()) if value}


def fingerprint(labels: Labels) -> str:
    """FNV-1a, 64 bit, over labels by name, each name and value followed by a byte 0xFF."""
    found = 0xCBF29CE484222325
    for name, value in sorted(labels.items(), key=lambda pair: pair[0].encode()):
        for byte in name.encode() + b"\xff" + value.encode() + b"\xff":
            found = ((found ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{found:016x}"


def common(labels: list[Labels]) -> Labels:
    """Labels that all have with the same value."""
    first, *others = labels
    return {name: value for name, value in first.items() if all(one.get(name) == value for one in others)}


def group_text(labels: Labels) -> str:
    """Labels as Go writes a label set: by name, values quoted."""
    return "{" + ", ".join(f"{name}={quoted(value)}" for name, value in sorted(labels.items())) + "}"


def quoted(text: str) -> str:
    """A text between quotation marks as Go's %q writes it."""
    named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\a": "\\a", "\b": "\\b",
             "\f": "\\f", "\v": "\\v"}  # fmt: skip
    return '"' + "".join(named.get(sign) or _escaped(sign) for sign in text) + '"'


def _escaped(sign: str) -> str:
    if sign.isprintable():
        return sign
    number = ord(sign)
    if number < 0x80:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _alert(notice: Notice, message: Message, labels: Labels, *, ended: bool) -> dict[str, object]:
    over_ms = notice.ended_ms if notice.ended and notice.ended_ms is not None else notice.at_ms
    return {
        "status": "resolved" if ended else "firing",
        "labels": labels,
        "annotations": _annotations(notice, message),
        "startsAt": iso(notice.opened_ms if notice.opened_ms is not None else notice.at_ms),
        "endsAt": iso(over_ms) if ended else ZERO_TIME,
        "generatorURL": notice.link,
        "fingerprint": fingerprint(labels),
    }


def _annotations(notice: Notice, message: Message) -> Labels:
    """Texts in both languages, and the facts under their keys."""
    facts = {one.key: one.text for one in message.facts if one.key not in ("named", "unnamed")}
    said = {
        "summary": message.text,
        "summary_en": notice.text.in_(Language.EN),
        "summary_zh": notice.text.in_(Language.ZH),
        "event": notice.type,
    }
    return {name: value for name, value in sorted({**facts, **said}.items()) if value}


def _root(link: str) -> str:
    """The address that links begin with."""
    return link.partition("/alerts/")[0]

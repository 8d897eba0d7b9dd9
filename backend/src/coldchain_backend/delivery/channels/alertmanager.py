"""What Alertmanager's webhook (version 4) sends, for receivers that already understand it.

Keys are those of 0.28; later versions added some.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import orjson

from coldchain.words import Language
from coldchain_backend.delivery.answers import by_status, iso
from coldchain_backend.delivery.notice import OVER, Digest, Named, Notice
from coldchain_backend.delivery.request import Answer, Outcome, Part, Request
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.delivery.wording import Message, message_of, place_and_value
from coldchain_backend.fleet import Alertmanager

ZERO_TIME: Final = "0001-01-01T00:00:00Z"
GROUPED_BY: Final = ("alert_id", "alertname")
DIGESTS_BY: Final = ("organisation",)
USER_AGENT: Final = "Alertmanager/0.28.1 (Coldchain)"
SEVERITY: Final = {"alarm": "critical", "warning": "warning"}
_RELABELLED: Final = frozenset({"level_changed", "amended"})
"""Events after which the labels of an alert may be others: what stood under those of before is ended."""

Labels = Mapping[str, str]


def compose(telling: Telling) -> tuple[Part, ...]:
    """One group: an alert, or all that a digest names; after a change of level the old one ends."""
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
    notice = telling.notice
    digest = notice.digest if notice.digest is not None and notice.digest.named else None
    alerts = _of_one(telling) if digest is None else _of_digest(telling, digest)
    grouped = GROUPED_BY if digest is None else DIGESTS_BY
    labels = [one.labels for one in alerts]
    group = {name: labels[0].get(name, "") for name in grouped}
    return {
        "version": "4",
        "receiver": telling.receiver.name,
        "status": "resolved" if all(one.ended for one in alerts) else "firing",
        "alerts": [one.document() for one in alerts],
        "groupLabels": group,
        "commonLabels": common(labels),
        "commonAnnotations": common([one.annotations for one in alerts]),
        "externalURL": _root(notice.link),
        "groupKey": f"{{}}:{group_text(group)}",
        "truncatedAlerts": 0 if digest is None else digest.unnamed,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alert:
    """One alert of a group; `over_ms` None: it goes on."""

    labels: Labels
    annotations: Labels
    starts_ms: int
    over_ms: int | None
    link: str

    @property
    def ended(self) -> bool:
        return self.over_ms is not None

    def document(self) -> dict[str, object]:
        return {
            "status": "resolved" if self.ended else "firing",
            "labels": self.labels,
            "annotations": self.annotations,
            "startsAt": iso(self.starts_ms),
            "endsAt": ZERO_TIME if self.over_ms is None else iso(self.over_ms),
            "generatorURL": self.link,
            "fingerprint": fingerprint(self.labels),
        }


def _of_one(telling: Telling) -> list[_Alert]:
    notice = telling.notice
    over_ms = None
    if notice.ended:
        over_ms = notice.at_ms if notice.ended_ms is None else notice.ended_ms
    alert = _Alert(
        labels=labels_of(notice, notice.organisation, notice.level),
        annotations=_annotations(notice, message_of(telling)),
        starts_ms=notice.at_ms if notice.opened_ms is None else notice.opened_ms,
        over_ms=over_ms,
        link=notice.link,
    )
    if notice.type.removeprefix("alert.") not in _RELABELLED:
        return [alert]
    labels = labels_of(notice, notice.organisation, _other(notice.level))
    return [alert, replace(alert, labels=labels, over_ms=notice.at_ms if over_ms is None else over_ms)]


def _of_digest(telling: Telling, digest: Digest) -> list[_Alert]:
    """Each alert that is named, as it stands after the newest of what is said of it."""
    newest = {one.alert: one for one in digest.named}
    return [alert for one in newest.values() for alert in _named(telling, one)]


def _named(telling: Telling, one: Named) -> Iterator[_Alert]:
    notice = telling.notice
    at_ms = notice.at_ms if one.at_ms is None else one.at_ms
    said = {language: place_and_value(one, language) for language in Language}
    alert = _Alert(
        labels=labels_of(one, notice.organisation, one.level),
        annotations={
            "event": f"alert.{one.event}",
            "summary": said[telling.language],
            "summary_en": said[Language.EN],
            "summary_zh": said[Language.ZH],
        },
        starts_ms=at_ms if one.opened_ms is None else one.opened_ms,
        over_ms=at_ms if one.event in OVER else None,
        link=notice.link,
    )
    yield alert
    if one.event in _RELABELLED:
        yield replace(alert, labels=labels_of(one, notice.organisation, _other(one.level)), over_ms=at_ms)


def _other(level: str) -> str:
    return "warning" if level == "alarm" else "alarm"


def labels_of(about: Notice | Named, organisation: str, level: str) -> Labels:
    """What identifies an alert of a level to consumers, texts only; the same by itself and in a digest."""
    found = {
        "alertname": about.kind or (about.type if isinstance(about, Notice) else "alert"),
        "alert_id": about.alert,
        "severity": SEVERITY.get(level, level),
        "organisation": organisation,
        "asset": about.asset or "",
        "zone": about.zone or "",
        "point": about.point or "",
        "sensor": about.sensor or "",
        "gateway": about.gateway or "",
        "rule": about.rule or "",
    }
    return {name: value for name, value in sorted(found.items()) if value}


def fingerprint(labels: Labels) -> str:
    """FNV-1a, 64 bit, over labels by name, each name and value followed by a byte 0xFF."""
    found = 0xCBF29CE484222325
    for name, value in sorted(labels.items(), key=lambda pair: pair[0].encode()):
        for byte in name.encode() + b"\xff" + value.encode() + b"\xff":
            found = ((found ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{found:016x}"


def common(labels: Sequence[Labels]) -> Labels:
    """Labels, or annotations, that all have with the same value."""
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

"""What is told together: several steps of several alerts in one message, the most urgent named. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import orjson

from coldchain.profiles import Level
from coldchain.words import Language
from coldchain_backend.alerts.contracts import Delivery, Entry
from coldchain_backend.alerts.documents import iso
from coldchain_backend.alerts.notices import notice_of
from coldchain_backend.alerts.said import PHRASES
from coldchain_backend.alerts.states import Alert, Transition, TransitionKind
from coldchain_backend.fleet import Fleet

MOST_NAMED: Final = 30
"""So many alerts are named in one; fewer where their names are long, down to one."""

MOST_BYTES: Final = 20_000

IN_TEXT: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What is told in one message, `number` of its `stream`, in whose order a receiver gets them.

    about   what its alerts have in common, as keys of the document
    """

    stream: str
    number: int
    receiver: str
    entries: Sequence[Entry]
    at_ms: int
    about: Mapping[str, object] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of the delivery, the same on every attempt."""
        return "msg_" + sha256(f"{self.stream}\n{self.number}".encode()).hexdigest()[:24]

    def delivery(self, alert_of: Callable[[str], Alert | None], fleet: Fleet, due_ms: int) -> Delivery:
        """The queued telling, which counts as the fire of every alert in it."""
        return self.alone(self._body(alert_of, fleet), due_ms)

    def alone(self, body: bytes, due_ms: int) -> Delivery:
        """The queued telling with a body of its own."""
        return Delivery(
            id=self.id,
            alert=self.stream,
            sequence=self.number,
            receiver=self.receiver,
            at_ms=self.at_ms,
            due_ms=due_ms,
            body=body,
            critical=self._critical,
        )

    @property
    def _critical(self) -> bool:
        return any(entry.critical for entry in self.entries)

    def _body(self, alert_of: Callable[[str], Alert | None], fleet: Fleet) -> bytes:
        ordered = sorted(_newest(self.entries), key=lambda one: (not one.critical, one.at_ms, one.alert))
        named = [_named(entry, alert_of(entry.alert), fleet) for entry in ordered[:MOST_NAMED]]
        body = self._naming(named, ordered, fleet)
        while len(body) >= MOST_BYTES and len(named) > 1:
            named = named[: len(named) // 2]
            body = self._naming(named, ordered, fleet)
        return body

    def _naming(self, named: Sequence[dict[str, object]], ordered: Sequence[Entry], fleet: Fleet) -> bytes:
        """The body that names these alerts of all, which are in order."""
        waiting = self.entries
        counts = {event: sum(1 for one in waiting if one.type == event) for event in _events(waiting)}
        left = len(ordered) - len(named)
        text = {one.value: _text(one, counts, named, left) for one in Language}
        data = {
            "digest_id": self.stream,
            "sequence": self.number,
            "class": "alarm",
            "critical": self._critical,
            "organisation": fleet.organisation,
            "count": len({entry.alert for entry in waiting}),
            "events": counts,
            "named": named,
            "unnamed": len({one.alert for one in ordered} - {str(one["alert_id"]) for one in named}),
            "opened_at": iso(min(entry.at_ms for entry in waiting)),
            "text": text,
            **self.about,
        }
        return orjson.dumps({"type": "alert.digest", "timestamp": iso(self.at_ms), "data": data})


def stream_of(prefix: str, *names: str) -> str:
    """The name of a stream of messages, of which the receiver's is the first part."""
    return f"{prefix}_{sha256(chr(10).join(names).encode()).hexdigest()[:20]}"


def _named(entry: Entry, alert: Alert | None, fleet: Fleet) -> dict[str, object]:
    event = entry.type.removeprefix("alert.")
    if alert is None:
        return {
            "alert_id": entry.alert,
            "event": event,
            "level": Level.ALARM.value,
            "at": iso(entry.at_ms),
        }
    step = Transition(
        alert=alert.id, sequence=entry.sequence, kind=TransitionKind(event), at_ms=entry.at_ms,
        event_ms=alert.cause.event_ms, level=alert.level, value=alert.cause.value,
    )  # fmt: skip
    cause = alert.cause
    value = cause.value if cause.end is None or cause.end.value is None else cause.end.value
    subject = cause.subject
    ids = {
        "asset": subject.asset, "zone": subject.zone, "point": subject.point, "sensor": subject.sensor,
        "gateway": subject.gateway, "rule": cause.rule,
    }  # fmt: skip
    return {
        "alert_id": alert.id,
        "event": event,
        "kind": cause.kind.value,
        "level": alert.level.value,
        "place": notice_of(alert, step, fleet).where(),
        **{name: id for name, id in ids.items() if id},
        "value_c": value,
        "limit_c": cause.limit,
        "opened_at": iso(cause.opened_ms),
        "at": iso(entry.at_ms),
    }


def _events(waiting: Iterable[Entry]) -> list[str]:
    return sorted({entry.type for entry in waiting})


def _newest(waiting: Sequence[Entry]) -> list[Entry]:
    """Of each alert the fire, where it is among them, and the newest of what came behind it."""
    fires = {entry.alert: entry for entry in reversed(waiting) if entry.type == "alert.fired"}
    last = {entry.alert: entry for entry in waiting}
    return [*fires.values(), *(one for one in last.values() if fires.get(one.alert) != one)]


def _text(language: Language, counts: dict[str, int], named: Sequence[dict[str, object]], left: int) -> str:
    """One sentence: how many of what, and the first of them."""
    words = PHRASES[language]["digest"]
    parts = [words[event.removeprefix("alert.")].format(count=count) for event, count in counts.items()]
    lines = [_line_of(language, one) for one in named[:IN_TEXT]]
    more = left + max(0, len(named) - IN_TEXT)
    if more:
        lines.append(words["more"].format(count=more))
    return words["text"].format(counts=words["and"].join(parts), named=words["then"].join(lines))


def _line_of(language: Language, one: dict[str, object]) -> str:
    words = PHRASES[language]["digest"]
    place, value, event = one.get("place"), one.get("value_c"), str(one["event"])
    where = place.get(language.value) if isinstance(place, dict) else one["alert_id"]
    said = "–" if not isinstance(value, int | float) else f"{value:.1f} °C"
    return words["line"].format(place=where, value=said, event=words[f"short_{event}"])

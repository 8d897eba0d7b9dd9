"""Digests: what a receiver's rate has no room for, told together; the most urgent named, the rest counted.

Decided as alarms fire, by the log's clock: criticals use the rate first; half of it is theirs alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

import orjson

from coldchain.profiles import Level
from coldchain.words import Language
from coldchain_backend.alerts.contracts import Delivery, DeskBook, DueName, Entry, Timers
from coldchain_backend.alerts.documents import iso
from coldchain_backend.alerts.memos import Memos
from coldchain_backend.alerts.notices import PHRASES, Notice, notice_of
from coldchain_backend.alerts.rates import Bucket, room_ms, size_of, spent, tokens
from coldchain_backend.alerts.states import Alert, Transition, TransitionKind
from coldchain_backend.fleet import Fleet, Receiver

GATHER_MS: Final = 10_000
"""So long a digest gathers before it is told, or longer until the rate has room for it."""

MOST_NAMED: Final = 30
"""So many alerts are named in one, which must stay below 20 kB."""

IN_TEXT: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How a receiver stands: its bucket, when the digest that gathers is due, and its last one's number.

    From the instant at which a digest is due the next token is its own.
    """

    full_ms: int = 0
    due_ms: int | None = None
    number: int = 0


class Digests:
    """Keeps each receiver's rate, and what waits for its next digest."""

    def __init__(self, book: DeskBook, timers: Timers, memos: Memos) -> None:
        self._book, self._timers, self._memos = book, timers, memos

    def has_room(self, receiver: Receiver, now_ms: int, *, urgent: bool, flooded: bool) -> bool:
        """Whether one message more may go by itself now."""
        line, rate = self._line(receiver.name), receiver.allowed_rate
        there = tokens(Bucket(full_ms=line.full_ms), rate, now_ms)
        if urgent:
            return there >= 1 and (line.due_ms is None or now_ms < line.due_ms)
        return not flooded and line.due_ms is None and there > size_of(rate) // 2

    def spend(self, receiver: Receiver, now_ms: int) -> int:
        """One message goes, at the instant that is given back: now, or when there is room for it."""
        line, rate = self._line(receiver.name), receiver.allowed_rate
        bucket = Bucket(full_ms=line.full_ms)
        after = spent(bucket, rate, now_ms)
        self._memos.put(_name_of(receiver.name), replace(line, full_ms=after.full_ms))
        return room_ms(bucket, rate, now_ms)

    def defer(self, receiver: Receiver, alert: Alert, step: Transition, event: str) -> None:
        """A step is told in the receiver's next digest."""
        entry = Entry(
            receiver=receiver.name,
            alert=alert.id,
            sequence=step.sequence,
            type=event,
            at_ms=step.at_ms,
            critical=alert.critical,
        )
        self._book.put_entry(entry)
        line = self._line(receiver.name)
        if line.due_ms is None:
            bucket = Bucket(full_ms=line.full_ms)
            due_ms = room_ms(bucket, receiver.allowed_rate, step.at_ms + GATHER_MS)
            self._memos.put(_name_of(receiver.name), replace(line, due_ms=due_ms))
            self._timers.set(receiver.name, DueName.DIGEST, due_ms)

    def tell(self, receiver: str, now_ms: int, fleet: Fleet) -> Delivery | None:
        """The digest of what waits for a receiver, once there is room for it.

        It counts as the fire of every alert in it.
        """
        line, known = self._line(receiver), fleet.plan.receiver(receiver)
        if known is not None:
            free_ms = room_ms(Bucket(full_ms=line.full_ms), known.allowed_rate, now_ms)
            if free_ms > now_ms:
                self._timers.set(receiver, DueName.DIGEST, free_ms)
                return None
            self.spend(known, now_ms)
        waiting = self._book.entries(receiver)
        line = replace(self._line(receiver), due_ms=None, number=line.number + 1)
        self._memos.put(_name_of(receiver), line)
        return self._digest(receiver, line.number, waiting, now_ms, fleet) if waiting else None

    def _digest(
        self, receiver: str, number: int, waiting: Sequence[Entry], now_ms: int, fleet: Fleet
    ) -> Delivery:
        name = f"dg_{sha256(receiver.encode()).hexdigest()[:20]}"
        digest = "msg_" + sha256(f"{name}\n{number}".encode()).hexdigest()[:24]
        for entry in waiting:
            self._book.put_entry(replace(entry, digest=digest))
        body = self._body(name, number, waiting, now_ms, fleet)
        return Delivery(
            id=digest,
            alert=name,
            sequence=number,
            receiver=receiver,
            at_ms=now_ms,
            due_ms=now_ms,
            body=body,
            critical=any(entry.critical for entry in waiting),
        )

    def _body(self, name: str, number: int, waiting: Sequence[Entry], now_ms: int, fleet: Fleet) -> bytes:
        alerts = len({entry.alert for entry in waiting})
        ordered = sorted(_newest(waiting), key=lambda one: (not one.critical, one.at_ms, one.alert))
        named = [self._named(entry, fleet) for entry in ordered[:MOST_NAMED]]
        counts = {event: sum(1 for one in waiting if one.type == event) for event in _events(waiting)}
        left = len(ordered) - len(named)
        text = {one.value: _text(one, counts, named, left) for one in Language}
        data = {
            "digest_id": name,
            "sequence": number,
            "class": "alarm",
            "critical": any(entry.critical for entry in waiting),
            "organisation": fleet.organisation,
            "count": alerts,
            "events": counts,
            "named": named,
            "unnamed": len({one.alert for one in ordered} - {str(one["alert_id"]) for one in named}),
            "opened_at": iso(min(entry.at_ms for entry in waiting)),
            "text": text,
        }
        return orjson.dumps({"type": "alert.digest", "timestamp": iso(now_ms), "data": data})

    def _named(self, entry: Entry, fleet: Fleet) -> dict[str, object]:
        alert = self._book.alert(entry.alert)
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
        notice: Notice = notice_of(alert, step, fleet)
        end = alert.cause.end
        value = alert.cause.value if end is None or end.value is None else end.value
        return {
            "alert_id": alert.id,
            "event": event,
            "kind": alert.cause.kind.value,
            "level": alert.level.value,
            "place": notice.where(),
            "value_c": value,
            "limit_c": alert.cause.limit,
            "at": iso(entry.at_ms),
        }

    def _line(self, receiver: str) -> Line:
        return self._memos.get(_name_of(receiver), Line)


def _name_of(receiver: str) -> str:
    return f"line\n{receiver}"


def _events(waiting: Iterable[Entry]) -> list[str]:
    return sorted({entry.type for entry in waiting})


def _newest(waiting: Sequence[Entry]) -> list[Entry]:
    """Of each alert the fire, where it is in this digest, and the newest of what came behind it."""
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

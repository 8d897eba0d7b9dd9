"""A book for the desk in memory, and timers that are moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from coldchain_backend.alerts import Alert, Delivery, Desk, DueName, Entry, Mute, Remembered, Transition
from coldchain_backend.fleet import Fleet


@dataclass
class Book:
    """Keeps what the desk puts, and fires what is due."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    steps: dict[tuple[str, int], Transition] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    mutes: dict[str, Mute] = field(default_factory=dict)
    memos: dict[str, bytes] = field(default_factory=dict)
    told_in_digests: dict[tuple[str, str, int], Entry] = field(default_factory=dict)
    dues: dict[tuple[str, DueName], int] = field(default_factory=dict)

    def alert(self, alert_id: str) -> Alert | None:
        return self.alerts.get(alert_id)

    def put_alert(self, alert: Alert) -> None:
        self.alerts[alert.id] = alert

    def put_transition(self, step: Transition) -> None:
        self.steps.setdefault((step.alert, step.sequence), step)

    def put_delivery(self, delivery: Delivery) -> None:
        self.deliveries.setdefault(delivery.id, delivery)

    def active(self) -> Iterator[Alert]:
        return iter([self.alerts[name] for name in sorted(self.alerts) if self.alerts[name].state.open])

    def put_mute(self, mute: Mute) -> None:
        self.mutes[mute.id] = mute

    def drop_mute(self, mute_id: str) -> None:
        self.mutes.pop(mute_id, None)

    def put_memo(self, name: str, value: Callable[[], bytes] | None) -> None:
        if value is None:
            self.memos.pop(name, None)
        else:
            self.memos[name] = value()

    def put_entry(self, entry: Entry) -> None:
        self.told_in_digests[entry.receiver, entry.alert, entry.sequence] = entry

    def entries(self, receiver: str, line: str = "") -> Sequence[Entry]:
        waiting = [
            one
            for one in self.told_in_digests.values()
            if one.receiver == receiver and one.digest is None and one.line == line
        ]
        return sorted(waiting, key=lambda one: (one.at_ms, one.alert, one.sequence))

    def waits(self, receiver: str, alert_id: str) -> bool:
        return any(one.alert == alert_id for one in self.entries(receiver))

    def step(self, alert_id: str, sequence: int) -> Transition | None:
        return self.steps.get((alert_id, sequence))

    def set(self, subject: str, kind: DueName, due_ms: int | None) -> None:
        if due_ms is None:
            self.dues.pop((subject, kind), None)
        else:
            self.dues[subject, kind] = due_ms

    def remembered(self) -> Remembered:
        """What a new desk gets to know."""
        return Remembered(mutes=tuple(self.mutes.values()), memos=dict(self.memos))

    def told(self) -> list[tuple[str, str]]:
        """(receiver, type) in the order of queueing."""
        return [(one.receiver, orjson.loads(one.body)["type"]) for one in self.deliveries.values()]

    def run(self, desk: Desk, until_ms: int, fleet: Fleet) -> None:
        """Let time pass: everything due up to an instant, in its order."""
        while self.dues:
            due_ms, subject, kind = min((due, *name) for name, due in self.dues.items())
            if due_ms > until_ms:
                return
            del self.dues[subject, kind]
            desk.due(subject, kind, due_ms, fleet)


def desk_on(book: Book, url: str = "") -> Desk:
    """A desk that keeps everything in this book."""
    return Desk(book, url, book)

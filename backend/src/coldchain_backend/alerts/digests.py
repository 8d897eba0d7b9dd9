"""Digests: what a receiver's rate has no room for, told together; the most urgent named, the rest counted.

Decided as alarms fire, by the log's clock: criticals use the rate first; half of it is theirs alone.
"""

from dataclasses import dataclass, replace
from typing import Final

from coldchain_backend.alerts.contracts import Delivery, DeskBook, DueName, Entry, Timers
from coldchain_backend.alerts.memos import Memos
from coldchain_backend.alerts.notices import body_of
from coldchain_backend.alerts.rates import Bucket, room_ms, size_of, spent, tokens
from coldchain_backend.alerts.states import Alert, Transition
from coldchain_backend.alerts.together import Together, stream_of
from coldchain_backend.fleet import Fleet, Receiver

GATHER_MS: Final = 10_000
"""So long a digest gathers before it is told, or longer until the rate has room for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How a receiver stands: its bucket, when the digest that gathers is due, and the last message's number.

    From the instant at which a digest is due the next token is its own. `gathering`: so many groups wait,
    each of which will need a token.
    """

    full_ms: int = 0
    due_ms: int | None = None
    number: int = 0
    gathering: int = 0


class Digests:
    """Keeps each receiver's rate, and what waits for its next digest. `public_url` begins links."""

    def __init__(self, book: DeskBook, timers: Timers, memos: Memos, public_url: str) -> None:
        self._book, self._timers, self._memos = book, timers, memos
        self._public_url = public_url

    def has_room(self, receiver: Receiver, now_ms: int, *, urgent: bool, flooded: bool) -> bool:
        """Whether one message more may go by itself now."""
        line, rate = self._line(receiver.name), receiver.allowed_rate
        there = tokens(Bucket(full_ms=line.full_ms), rate, now_ms) - line.gathering
        if urgent:
            return there >= 1 and (line.due_ms is None or now_ms < line.due_ms)
        return not flooded and line.due_ms is None and there > size_of(rate) // 2

    def holds(self, receiver: str, alert: Alert) -> bool:
        """Whether a step of an alert waits for its digest, behind which the next has to stand."""
        return self._line(receiver).due_ms is not None and self._book.waits(receiver, alert.id)

    def spend(self, receiver: Receiver, now_ms: int) -> int:
        """One message goes, at the instant that is given back: now, or when there is room for it."""
        line, rate = self._line(receiver.name), receiver.allowed_rate
        bucket = Bucket(full_ms=line.full_ms)
        after = spent(bucket, rate, now_ms)
        self._keep(receiver.name, replace(line, full_ms=after.full_ms))
        return room_ms(bucket, rate, now_ms)

    def gather(self, receiver: str, by: int) -> None:
        """So many groups more, or fewer, gather for a receiver."""
        line = self._line(receiver)
        self._keep(receiver, replace(line, gathering=line.gathering + by))

    def next_number(self, receiver: str) -> int:
        """The number of the next message to a receiver that gathered."""
        line = self._line(receiver)
        line = replace(line, number=line.number + 1)
        self._keep(receiver, line)
        return line.number

    def defer(self, receiver: Receiver, alert: Alert, step: Transition, event: str) -> None:
        """A step is told in the receiver's next digest."""
        self._book.put_entry(entry_of(receiver, alert, step, event))
        line = self._line(receiver.name)
        if line.due_ms is None:
            bucket = Bucket(full_ms=line.full_ms)
            due_ms = room_ms(bucket, receiver.allowed_rate, step.at_ms + GATHER_MS)
            self._keep(receiver.name, replace(line, due_ms=due_ms))
            self._timers.set(receiver.name, DueName.DIGEST, due_ms)

    def tell(self, receiver: str, now_ms: int, fleet: Fleet) -> Delivery | None:
        """The digest of what waits for a receiver, once there is room for it.

        It counts as the fire of every alert in it. What waits alone is told as if it had not waited.
        """
        line, known = self._line(receiver), fleet.plan.receiver(receiver)
        if known is not None:
            free_ms = room_ms(Bucket(full_ms=line.full_ms), known.allowed_rate, now_ms)
            if free_ms > now_ms:
                self._timers.set(receiver, DueName.DIGEST, free_ms)
                return None
            self.spend(known, now_ms)
        waiting = self._book.entries(receiver)
        self._keep(receiver, replace(self._line(receiver), due_ms=None))
        number = self.next_number(receiver)
        if not waiting:
            return None
        told = Together(
            stream=stream_of("dg", receiver),
            number=number,
            receiver=receiver,
            entries=waiting,
            at_ms=now_ms,
        )
        for entry in waiting:
            self._book.put_entry(replace(entry, digest=told.id))
        return self._alone(told, fleet, now_ms) or told.delivery(self._book.alert, fleet, now_ms)

    def _alone(self, told: Together, fleet: Fleet, now_ms: int) -> Delivery | None:
        """The whole message of the only step that waits; None where there are more."""
        if len(told.entries) > 1:
            return None
        entry = told.entries[0]
        alert, step = self._book.alert(entry.alert), self._book.step(entry.alert, entry.sequence)
        if alert is None or step is None:
            return None
        return told.alone(body_of(alert, step, entry.type, fleet, self._public_url), now_ms)

    def _line(self, receiver: str) -> Line:
        return self._memos.get(_name_of(receiver), Line)

    def _keep(self, receiver: str, line: Line) -> None:
        self._memos.put(_name_of(receiver), line)


def entry_of(receiver: Receiver, alert: Alert, step: Transition, event: str, line: str = "") -> Entry:
    """A step that a receiver hears of later, in its digest or in a group."""
    return Entry(
        receiver=receiver.name,
        alert=alert.id,
        sequence=step.sequence,
        type=event,
        at_ms=step.at_ms,
        critical=alert.critical,
        line=line,
    )


def _name_of(receiver: str) -> str:
    return f"line\n{receiver}"

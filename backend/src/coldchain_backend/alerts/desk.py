"""The desk: a cause, an act or a merge → the alert's next steps and the deliveries that tell of them."""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Protocol

from coldchain_backend.alerts.cause import AlertKind, Cause, End, EndKind
from coldchain_backend.alerts.lifecycle import Alert, AlertState, Transition, acknowledge, alert_id_of, follow
from coldchain_backend.alerts.notices import notice_of
from coldchain_backend.alerts.receivers import hearings
from coldchain_backend.fleet import Fleet


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One queued telling; `id` is the webhook id on every attempt. `due_ms`: not before this."""

    id: str
    alert: str
    sequence: int
    receiver: str
    due_ms: int
    body: bytes


class AlertBook(Protocol):
    """Where alerts are kept, inside the transaction of whoever asks the desk."""

    def alert(self, alert_id: str) -> Alert | None:
        """The alert as last put."""
        ...

    def put_alert(self, alert: Alert) -> None:
        """Keep the newest version of an alert."""
        ...

    def put_transition(self, step: Transition) -> None:
        """Add a step; the same (alert, sequence) again changes nothing."""
        ...

    def put_delivery(self, delivery: Delivery) -> None:
        """Queue a telling; an id that was ever queued changes nothing."""
        ...


class Desk:
    """Decides who is told what. `public_url` begins the links to the page."""

    def __init__(self, book: AlertBook, public_url: str) -> None:
        self._book = book
        self._public_url = public_url.rstrip("/")

    def alert_of(self, cause: str) -> Alert | None:
        """The alert of a cause, if there ever was one."""
        return self._book.alert(alert_id_of(cause))

    def look(self, cause: Cause, now_ms: int, fleet: Fleet) -> Alert | None:
        """Follow a cause as it stands at `now_ms`, the log's stamp."""
        before = self.alert_of(cause.id)
        alert, steps = follow(before, cause, now_ms)
        return None if alert is None else self._keep(before, alert, steps, fleet)

    def merge(self, gone: Cause, survivor: str, now_ms: int, fleet: Fleet) -> None:
        """The alert of `gone` continues as that of the cause `survivor`, whose receivers grow by its own."""
        before = self.alert_of(gone.id)
        if before is None:
            return
        into = self.alert_of(survivor)
        if into is not None:
            self._inherit(into, before)
        end = End(kind=EndKind.MERGED, event_ms=gone.event_ms, by=alert_id_of(survivor))
        alert, steps = follow(before, replace(gone, end=end), now_ms)
        if alert is not None:
            self._keep(before, alert, steps, fleet)

    def _inherit(self, into: Alert, gone: Alert) -> None:
        told = into.told + tuple(name for name in gone.told if name not in into.told)
        acknowledged, state = into.acknowledged, into.state
        if gone.paged and gone.acknowledged is None:
            acknowledged = None
            state = AlertState.FIRING if state.open else state
        paged = into.paged or gone.paged
        self._book.put_alert(replace(into, told=told, paged=paged, acknowledged=acknowledged, state=state))

    def acknowledge(self, alert_id: str, by: str, reason: str, now_ms: int, fleet: Fleet) -> bool:
        """A person takes notice of an alert; False if there is no such alert."""
        before = self._book.alert(alert_id)
        if before is None:
            return False
        alert, steps = acknowledge(before, by, reason, now_ms)
        alert = self._keep(before, alert, steps, fleet)
        if alert.cause.kind is AlertKind.SYSTEM and alert.cause.end is None:
            end = End(kind=EndKind.CLOSED, event_ms=now_ms, by=by)
            self.look(replace(alert.cause, end=end), now_ms, fleet)
        return True

    def take_back(self, gone: Alert, now_ms: int, fleet: Fleet) -> None:
        """An alert of an earlier judging, of which people were told, and which this judging does not know."""
        if self._book.alert(gone.id) is not None:
            return
        end = End(kind=EndKind.WITHDRAWN, event_ms=gone.cause.event_ms)
        alert, steps = follow(gone, replace(gone.cause, end=end), now_ms)
        if alert is not None:
            self._keep(None, alert, steps, fleet)

    def _keep(self, before: Alert | None, alert: Alert, steps: tuple[Transition, ...], fleet: Fleet) -> Alert:
        receivers = [receiver.name for receiver in fleet.receivers]
        system = fleet.system_receiver
        for step in steps:
            self._book.put_transition(step)
            heard = hearings(alert, step, receivers, None if system is None else system.name)
            notice = notice_of(alert, step, fleet)
            for hearing in heard:
                link = f"{self._public_url}/alerts/{alert.id}"
                body = notice.body(hearing.type, fleet.organisation, link)
                self._book.put_delivery(_delivery(alert.id, step, hearing.receiver, body))
            fresh = tuple(hearing.receiver for hearing in heard if hearing.receiver not in alert.told)
            alert = replace(alert, told=alert.told + fresh)
        if alert != before:
            self._book.put_alert(alert)
        return alert


def _delivery(alert: str, step: Transition, receiver: str, body: bytes) -> Delivery:
    cause = f"{alert}\n{step.sequence}\n{receiver}"
    return Delivery(
        id="msg_" + sha256(cause.encode()).hexdigest()[:24],
        alert=alert,
        sequence=step.sequence,
        receiver=receiver,
        due_ms=step.at_ms,
        body=body,
    )

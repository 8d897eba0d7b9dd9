"""The desk: a cause, an act or a due time → the alert's next steps and the deliveries that tell of them."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from coldchain_backend.alerts.calls import (
    Called,
    called_by,
    escalated,
    handed_over,
    routed,
    stood_in,
    with_chain,
)
from coldchain_backend.alerts.cause import AlertKind, Cause, End, EndKind
from coldchain_backend.alerts.context import Context
from coldchain_backend.alerts.contracts import Delivery, DeskBook, DueName, Remembered, Timers, Witness
from coldchain_backend.alerts.handling import Handled, call_again, mute
from coldchain_backend.alerts.lifecycle import alert_id_of, follow
from coldchain_backend.alerts.mutes import Mutes
from coldchain_backend.alerts.notices import Told, notice_of
from coldchain_backend.alerts.receivers import hearings
from coldchain_backend.alerts.reminders import reminders
from coldchain_backend.alerts.routing import Routed
from coldchain_backend.alerts.states import Alert, AlertState, Transition
from coldchain_backend.fleet import Fleet


class Desk:
    """Decides who is told what. `public_url` begins the links to the page."""

    def __init__(
        self,
        book: DeskBook,
        public_url: str,
        timers: Timers,
        witness: Witness | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        self._book, self._timers, self._witness = book, timers, witness
        self._public_url = public_url.rstrip("/")
        self.mutes = Mutes(book, timers, () if remembered is None else remembered.mutes)

    def alert(self, alert_id: str) -> Alert | None:
        """An alert by its id."""
        return self._book.alert(alert_id)

    def alert_of(self, cause: str) -> Alert | None:
        """The alert of a cause, if there ever was one."""
        return self._book.alert(alert_id_of(cause))

    def look(self, cause: Cause, now_ms: int, fleet: Fleet) -> Alert | None:
        """Follow a cause as it stands at `now_ms`, the log's stamp."""
        before = self.alert_of(cause.id)
        alert, steps = follow(before, _with_latch(cause, before, fleet), now_ms)
        return None if alert is None else self._keep(before, alert, steps, now_ms, fleet)

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
            self._keep(before, alert, steps, now_ms, fleet)

    def _inherit(self, into: Alert, gone: Alert) -> None:
        told = into.told + tuple(name for name in gone.told if name not in into.told)
        by_digest = into.by_digest + tuple(
            name for name in gone.by_digest if name not in into.told and name not in into.by_digest
        )
        acknowledged, state = into.acknowledged, into.state
        if gone.paged and gone.acknowledged is None:
            acknowledged = None
            state = AlertState.FIRING if state.open else state
        paged = into.paged or gone.paged
        merged = replace(
            into, told=told, by_digest=by_digest, paged=paged, acknowledged=acknowledged, state=state
        )
        self._book.put_alert(merged)

    def handle(
        self, alert_id: str, what: Callable[[Alert], Handled], now_ms: int, fleet: Fleet
    ) -> Alert | None:
        """Let a person or time do something about an alert; None if there is no such alert."""
        before = self._book.alert(alert_id)
        if before is None:
            return None
        alert, steps = what(before)
        return self._keep(before, alert, steps, now_ms, fleet)

    def end(self, alert: Alert, end: End, now_ms: int, fleet: Fleet) -> None:
        """Something ends that has no end of its own."""
        self.look(replace(alert.cause, end=end), now_ms, fleet)

    def due(self, subject: str, kind: DueName, now_ms: int, fleet: Fleet) -> None:
        """Something is due: the log has come to its instant."""
        self._timers.set(subject, kind, None)
        match kind:
            case DueName.ACK_TIMEOUT | DueName.REARM:
                self.handle(subject, lambda alert: call_again(alert, now_ms), now_ms, fleet)
            case DueName.ESCALATE:
                plan = fleet.plan
                self._call(subject, lambda alert, way: escalated(alert, way, plan, now_ms), now_ms, fleet)
            case DueName.SHIFT:
                self._call(subject, lambda alert, way: handed_over(alert, way, now_ms), now_ms, fleet)
            case DueName.MUTE:
                self.mutes.due(subject, now_ms)
                self.remute(now_ms, fleet)
            case _:
                return

    def stand_in(self, alert_id: str, receiver: str, now_ms: int, fleet: Fleet) -> None:
        """A receiver could not be reached with an alert: its fallback hears of it."""
        self._call(alert_id, lambda alert, _: stood_in(alert, receiver, fleet.plan, now_ms), now_ms, fleet)

    def _call(
        self, alert_id: str, what: Callable[[Alert, Routed], Called | None], now_ms: int, fleet: Fleet
    ) -> None:
        """Let time call somebody, if it is (still) to, and set when to look again."""
        alert = self._book.alert(alert_id)
        if alert is None:
            return
        way = routed(alert, fleet.plan, now_ms)
        found = what(alert, way)
        if found is not None:
            alert = self._keep(alert, found[0], found[1], now_ms, fleet, called=found[2])
        self._remind_anew(alert, way, fleet)

    def replan(self, now_ms: int, fleet: Fleet) -> None:
        """The fleet has changed: whoever is called next, and when, follows from the new one."""
        for alert in list(self._book.active()):
            self._remind_anew(alert, routed(alert, fleet.plan, now_ms), fleet)

    def remute(self, now_ms: int, fleet: Fleet) -> None:
        """What is muted has changed: look at all that goes on; what is no longer muted is told, once."""
        for before in list(self._book.active()):
            self._keep(before, before, (), now_ms, fleet)

    def take_back(self, gone: Alert, now_ms: int, fleet: Fleet) -> None:
        """An alert of an earlier judging, of which people were told, and which this judging does not know."""
        if self._book.alert(gone.id) is not None:
            return
        end = End(kind=EndKind.WITHDRAWN, event_ms=gone.cause.event_ms)
        alert, steps = follow(gone, replace(gone.cause, end=end), now_ms)
        if alert is not None:
            self._keep(None, alert, steps, now_ms, fleet)

    def _keep(  # noqa: PLR0913 - the one way out takes all that is to go out
        self,
        before: Alert | None,
        alert: Alert,
        steps: tuple[Transition, ...],
        now_ms: int,
        fleet: Fleet,
        *,
        called: tuple[str, ...] | None = None,
    ) -> Alert:
        """The one way out: what is muted is decided first, then who is told.

        `called`: whom the steps call, where it is not for the routes to say.
        """
        lying = self.mutes.over(alert, now_ms)
        if before is not None and before.state.open:
            alert = self._tell(alert, steps, fleet, called)
            alert, more = mute(alert, lying if alert.state.open else None, now_ms)
        else:
            alert = self._tell(replace(alert, muted=lying), steps, fleet)
            alert, more = mute(replace(alert, muted=None), lying if alert.state.open else None, now_ms)
        alert = self._tell(alert, more, fleet)
        way = routed(alert, fleet.plan, now_ms)
        alert = with_chain(alert, way, now_ms)
        if alert != before:
            self._book.put_alert(alert)
            self._remind(before, alert, way, fleet)
        return alert

    def _remind(self, before: Alert | None, alert: Alert, way: Routed, fleet: Fleet) -> None:
        """Set what is due of an alert now, as far as it differs from what was due `before`."""
        alerting = fleet.plan.alerting
        was = {} if before is None else reminders(before, alerting, way)
        for kind, due_ms in reminders(alert, alerting, way).items():
            if was.get(kind) != due_ms:
                self._timers.set(alert.id, kind, due_ms)

    def _remind_anew(self, alert: Alert, way: Routed, fleet: Fleet) -> None:
        """Set all that is due of an alert, whatever was set before."""
        for kind, due_ms in reminders(alert, fleet.plan.alerting, way).items():
            self._timers.set(alert.id, kind, due_ms)

    def _tell(
        self,
        alert: Alert,
        steps: tuple[Transition, ...],
        fleet: Fleet,
        called: tuple[str, ...] | None = None,
    ) -> Alert:
        known = {receiver.name for receiver in fleet.receivers}
        for step in steps:
            self._book.put_transition(step)
            names = called_by(alert, step, fleet.plan) if called is None else called
            heard = hearings(alert, step, known, names)
            fresh = tuple(hearing.receiver for hearing in heard if hearing.receiver not in alert.told)
            alert = replace(alert, told=alert.told + fresh, context=self._context(alert))
            notice = notice_of(alert, step, fleet)
            for hearing in heard:
                told = Told(
                    event=hearing.type,
                    organisation=fleet.organisation,
                    link=f"{self._public_url}/alerts/{alert.id}",
                    to=alert.told,
                )
                self._book.put_delivery(_delivery(alert.id, step, hearing.receiver, notice.body(told)))
        return alert

    def _context(self, alert: Alert) -> Context | None:
        if self._witness is None or alert.cause.kind in {AlertKind.SYSTEM, AlertKind.FLOOD}:
            return alert.context
        return self._witness.context(alert.cause)


def _with_latch(cause: Cause, before: Alert | None, fleet: Fleet) -> Cause:
    """Whether the end of an excursion waits for a decision, as the fleet file says of its rule."""
    if cause.kind is not AlertKind.EXCURSION or cause.subject.point is None:
        return cause
    place = fleet.plan.place_of_point(cause.subject.point)
    if place is None:
        return cause if before is None else replace(cause, latches=before.cause.latches)
    return replace(cause, latches=fleet.plan.alerting.latches(place.zone.profile, cause.rule))


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

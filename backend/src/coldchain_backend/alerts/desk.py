"""The desk: a cause, an act or a due time → the alert's next steps and the deliveries that tell of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from coldchain_backend.alerts.calls import (
    Called,
    escalated,
    found_anew,
    handed_over,
    routed,
    stood_in,
    with_chain,
)
from coldchain_backend.alerts.cause import AlertKind, Cause, End, EndKind
from coldchain_backend.alerts.contracts import DeskBook, DueName, Remembered, Timers, Witness
from coldchain_backend.alerts.digests import Digests
from coldchain_backend.alerts.groups import Groups
from coldchain_backend.alerts.handling import Handled, call_again, mute
from coldchain_backend.alerts.lifecycle import alert_id_of, follow
from coldchain_backend.alerts.memos import Memos
from coldchain_backend.alerts.mutes import Mutes
from coldchain_backend.alerts.reminders import reminders
from coldchain_backend.alerts.routing import Routed
from coldchain_backend.alerts.states import Alert, AlertState, Muted, Transition
from coldchain_backend.alerts.storms import Storms, counts
from coldchain_backend.alerts.telling import Teller
from coldchain_backend.fleet import Fleet

NOTHING = Remembered()


class Desk:
    """Decides who is told what. `public_url` begins the links to the page."""

    def __init__(
        self,
        book: DeskBook,
        public_url: str,
        timers: Timers,
        witness: Witness | None = None,
        remembered: Remembered = NOTHING,
    ) -> None:
        self._book, self._timers, self._witness = book, timers, witness
        memos = Memos(book, remembered.memos)
        self.mutes = Mutes(book, timers, remembered.mutes)
        self._storms = Storms(book, timers, memos, self.look)
        url = public_url.rstrip("/")
        self._digests = Digests(book, timers, memos, url)
        self._groups = Groups(book, timers, memos, self._digests, url)
        self._teller = Teller(book, (self._digests, self._groups), lambda: self._storms.flooded, witness, url)

    def alert(self, alert_id: str) -> Alert | None:
        """An alert by its id."""
        return self._book.alert(alert_id)

    def alert_of(self, cause: str) -> Alert | None:
        """The alert of a cause, if there ever was one."""
        return self._book.alert(alert_id_of(cause))

    def look(self, cause: Cause, now_ms: int, fleet: Fleet, *, first: bool = False) -> Alert | None:
        """Follow a cause as it stands at `now_ms`, the log's stamp; `first`: there is no alert of it yet."""
        before = None if first else self.alert_of(cause.id)
        past = self._witness is not None and self._witness.past(cause)
        if past is not cause.past:
            cause = replace(cause, past=past)
        alert, steps = follow(before, _with_latch(cause, before, fleet), now_ms)
        return None if alert is None else self._keep(before, alert, steps, now_ms, fleet)

    def merge(self, gone: Cause, survivor: str, now_ms: int, fleet: Fleet) -> None:
        """The alert of `gone` continues as that of the cause `survivor`, whose receivers grow by its own."""
        before = self.alert_of(gone.id)
        if before is None:
            return
        into = self.alert_of(survivor)
        if into is not None:
            inherited = _inherited(into, before)
            self._book.put_alert(inherited)
            self._remind(into, inherited, routed(inherited, fleet.plan, now_ms), fleet)
        end = End(kind=EndKind.MERGED, event_ms=gone.event_ms, by=alert_id_of(survivor))
        alert, steps = follow(before, replace(gone, end=end), now_ms)
        if alert is not None:
            self._keep(before, alert, steps, now_ms, fleet)

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
            case DueName.UNSTABLE_END:
                self.handle(subject, lambda alert: (alert, ()), now_ms, fleet)
            case DueName.CHATTER_END:
                self._storms.rests(subject, now_ms, fleet)
            case DueName.FLOOD_END:
                self._storms.ebbs(now_ms, fleet)
            case DueName.DIGEST:
                digest = self._digests.tell(subject, now_ms, fleet)
                if digest is not None:
                    self._book.put_delivery(digest)
            case DueName.GROUP:
                self._groups.due(subject, now_ms, fleet)

    def stand_in(self, alert_id: str, receiver: str, now_ms: int, fleet: Fleet) -> None:
        """A receiver could not be reached with an alert: its fallback hears of it."""
        self._call(alert_id, lambda alert, _: stood_in(alert, receiver, fleet.plan, now_ms), now_ms, fleet)

    def _call(
        self, alert_id: str, what: Callable[[Alert, Routed], Called | None], now_ms: int, fleet: Fleet
    ) -> None:
        """Let time call somebody about an alert, if there is one of this id."""
        alert = self._book.alert(alert_id)
        if alert is not None:
            self._call_about(alert, what, now_ms, fleet)

    def _call_about(
        self, alert: Alert, what: Callable[[Alert, Routed], Called | None], now_ms: int, fleet: Fleet
    ) -> None:
        """Call whoever is (still) to be called, and set when to look again."""
        way = routed(alert, fleet.plan, now_ms)
        found = what(alert, way)
        if found is not None:
            alert = self._keep(alert, found[0], found[1], now_ms, fleet, called=found[2])
        self._remind_anew(alert, way, fleet)

    def replan(self, now_ms: int, fleet: Fleet) -> None:
        """The fleet has changed: whoever is called next, and when, follows from the new one.

        What went on while there was nobody to tell, or whose receivers all left, is told now.
        """
        plan = fleet.plan
        for alert in list(self._book.active()):
            self._call_about(alert, lambda one, way: found_anew(one, way, plan, now_ms), now_ms, fleet)

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
            self._keep(gone, alert, steps, now_ms, fleet)

    def _keep(  # noqa: PLR0913 - the one way out takes all that is to go out
        self,
        before: Alert | None,
        alert: Alert,
        steps: Sequence[Transition],
        now_ms: int,
        fleet: Fleet,
        *,
        called: tuple[str, ...] | None = None,
    ) -> Alert:
        """The one way out: what is muted is decided first, then who is told.

        `called`: whom the steps call, where it is not for the routes to say.
        """
        lying = self.mutes.over(alert, now_ms)
        fires = counts(alert) and alert.paged and (before is None or not before.paged)
        if fires:
            chatters = self._unstable(alert, now_ms, fleet)
            lying = lying or chatters
        counted = fires and lying is None
        if counted:
            alert = replace(alert, counted_ms=now_ms)
        if before is not None and before.state.open and before.muted is not None:
            alert = self._teller.tell(alert, steps, fleet, called)
        else:
            alert = self._teller.tell(_under(alert, lying), steps, fleet, called)
            alert = _under(alert, None)
        alert, more = mute(alert, lying if alert.state.open else None, now_ms)
        alert = self._teller.tell(alert, more, fleet)
        way = routed(alert, fleet.plan, now_ms)
        alert = with_chain(alert, way, now_ms)
        if alert != before:
            self._book.put_alert(alert)
            self._remind(before, alert, way, fleet)
        if counted:
            self._storms.count(alert, now_ms, fleet)
        return alert

    def _unstable(self, alert: Alert, now_ms: int, fleet: Fleet) -> Muted | None:
        """What lies over an alarm whose source chatters; what ends as it begins is told as it is."""
        chatters = self._storms.chatters(alert, now_ms, fleet)
        return chatters if alert.state.open else None

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


def _under(alert: Alert, lying: Muted | None) -> Alert:
    """The alert with what lies over it."""
    return alert if alert.muted == lying else replace(alert, muted=lying)


def _inherited(into: Alert, gone: Alert) -> Alert:
    """The survivor of a merge: it has the receivers of both, and is acknowledged only if both were."""
    fresh = tuple(name for name in gone.told if name not in into.told)
    acknowledged, state = into.acknowledged, into.state
    if gone.paged and gone.acknowledged is None:
        acknowledged = None
        state = AlertState.FIRING if state.open else state
    return replace(
        into,
        told=into.told + fresh,
        by_digest=into.by_digest + tuple(name for name in fresh if name in gone.by_digest),
        by_group=into.by_group + tuple(name for name in fresh if name in gone.by_group),
        paged=into.paged or gone.paged,
        paged_ms=gone.paged_ms if into.paged_ms is None else into.paged_ms,
        called_ms=gone.called_ms if into.called_ms is None else into.called_ms,
        acknowledged=acknowledged,
        state=state,
    )


def _with_latch(cause: Cause, before: Alert | None, fleet: Fleet) -> Cause:
    """Whether the end of an excursion waits for a decision, as the fleet file says of its rule."""
    if cause.kind is not AlertKind.EXCURSION or cause.subject.point is None:
        return cause
    place = fleet.plan.place_of_point(cause.subject.point)
    if place is None:
        return cause if before is None else replace(cause, latches=before.cause.latches)
    latches = fleet.plan.alerting.latches(place.zone.profile, cause.rule)
    return cause if cause.latches == latches else replace(cause, latches=latches)

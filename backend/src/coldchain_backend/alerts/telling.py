"""Telling: each step becomes deliveries, by itself or in a digest, to whoever is to hear of it."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from hashlib import sha256
from typing import Final

from coldchain_backend.alerts.calls import called_by
from coldchain_backend.alerts.cause import AlertKind
from coldchain_backend.alerts.contracts import Delivery, DeskBook, Witness
from coldchain_backend.alerts.digests import Digests
from coldchain_backend.alerts.notices import Told, notice_of
from coldchain_backend.alerts.receivers import FOR_SOME, Hearing, hearings
from coldchain_backend.alerts.states import ENDS, Alert, Transition, TransitionKind
from coldchain_backend.fleet import Fleet, Receiver

_BY_THEMSELVES: Final = ENDS | {TransitionKind.ACKNOWLEDGED}
"""Steps that whoever heard the fire by itself hears by themselves too, as soon as the rate has room."""

_ABOUT_ALERTS: Final = frozenset({AlertKind.SYSTEM, AlertKind.FLOOD})


class Teller:
    """`flooded` says whether a flood goes on; `public_url` begins the links to the page."""

    def __init__(
        self,
        book: DeskBook,
        digests: Digests,
        flooded: Callable[[], bool],
        witness: Witness | None,
        public_url: str,
    ) -> None:
        self._book, self._digests, self._flooded = book, digests, flooded
        self._witness, self._public_url = witness, public_url.rstrip("/")

    def tell(
        self,
        alert: Alert,
        steps: Sequence[Transition],
        fleet: Fleet,
        called: tuple[str, ...] | None = None,
    ) -> Alert:
        """Keep the steps and queue what is to be heard of them; the alert with everybody who was told.

        `called`: whom the steps call, where it is not for the routes to say.
        """
        for step in steps:
            self._book.put_transition(step)
            if step.kind is not TransitionKind.COMMENTED:
                alert = self._around(alert)
            names = called_by(alert, step, fleet.plan) if called is None else called
            alert = self._step(alert, step, names, fleet)
        return alert

    def _around(self, alert: Alert) -> Alert:
        if self._witness is None or alert.cause.kind in _ABOUT_ALERTS:
            return alert
        return replace(alert, context=self._witness.context(alert.cause))

    def _step(self, alert: Alert, step: Transition, called: tuple[str, ...], fleet: Fleet) -> Alert:
        receivers = {receiver.name: receiver for receiver in fleet.receivers}
        heard = hearings(alert, step, receivers, called)
        late = {one.receiver for one in heard if self._waits(alert, step, one, receivers.get(one.receiver))}
        fresh = [one.receiver for one in heard if one.receiver not in alert.told]
        alert = replace(
            alert,
            told=(*alert.told, *fresh),
            by_digest=(*alert.by_digest, *(name for name in fresh if name in late)),
        )
        bodies = self._bodies(alert, step, {one.type for one in heard if one.receiver not in late}, fleet)
        for hearing in heard:
            receiver = receivers.get(hearing.receiver)
            if receiver is not None and hearing.receiver in late:
                self._digests.defer(receiver, alert, step, hearing.type)
            else:
                self._queue(alert, step, hearing.receiver, receiver, bodies[hearing.type])
        return alert

    def _waits(self, alert: Alert, step: Transition, hearing: Hearing, receiver: Receiver | None) -> bool:
        """Whether a receiver hears of a step in its next digest."""
        if receiver is None:
            return False
        if hearing.receiver in alert.by_digest:
            return True
        if step.kind in _BY_THEMSELVES:
            return False
        calls = step.pages or step.kind in FOR_SOME
        urgent = calls and (alert.critical or alert.cause.kind is AlertKind.FLOOD)
        return not self._digests.has_room(receiver, step.at_ms, urgent=urgent, flooded=self._flooded())

    def _bodies(self, alert: Alert, step: Transition, events: Set[str], fleet: Fleet) -> Mapping[str, bytes]:
        """What is sent about a step, by type of event: the same for everybody who hears it as that."""
        link = f"{self._public_url}/alerts/{alert.id}"
        return {
            event: notice_of(alert, step, fleet).body(
                Told(event=event, organisation=fleet.organisation, link=link, to=alert.told)
            )
            for event in events
        }

    def _queue(
        self, alert: Alert, step: Transition, name: str, receiver: Receiver | None, body: bytes
    ) -> None:
        cause = f"{alert.id}\n{step.sequence}\n{name}"
        self._book.put_delivery(
            Delivery(
                id="msg_" + sha256(cause.encode()).hexdigest()[:24],
                alert=alert.id,
                sequence=step.sequence,
                receiver=name,
                at_ms=step.at_ms,
                due_ms=step.at_ms if receiver is None else self._digests.spend(receiver, step.at_ms),
                body=body,
                critical=alert.critical,
            )
        )

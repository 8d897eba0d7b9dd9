"""Telling: each step becomes deliveries, by itself or in a digest, to whoever is to hear of it."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from hashlib import sha256
from typing import Final

from coldchain_backend.alerts.calls import called_by
from coldchain_backend.alerts.cause import AlertKind
from coldchain_backend.alerts.context import Context
from coldchain_backend.alerts.contracts import Delivery, DeskBook, Witness
from coldchain_backend.alerts.digests import Digests
from coldchain_backend.alerts.groups import Groups, Hears, Way
from coldchain_backend.alerts.notices import body_of
from coldchain_backend.alerts.receivers import FOR_SOME, Hearing, hearings
from coldchain_backend.alerts.states import ENDS, Alert, Transition, TransitionKind
from coldchain_backend.fleet import Fleet, Receiver

_BY_THEMSELVES: Final = ENDS | {TransitionKind.ACKNOWLEDGED}
"""Steps that whoever heard the fire by itself hears by themselves too, as soon as the rate has room."""

_ABOUT_ALERTS: Final = frozenset({AlertKind.SYSTEM, AlertKind.FLOOD})


class Teller:
    """`lines`: where steps wait for others. `flooded`: whether a flood goes on. `public_url` begins links."""

    def __init__(
        self,
        book: DeskBook,
        lines: tuple[Digests, Groups],
        flooded: Callable[[], bool],
        witness: Witness | None,
        public_url: str,
    ) -> None:
        self._book, (self._digests, self._groups) = book, lines
        self._flooded, self._witness, self._public_url = flooded, witness, public_url

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
            names = called_by(alert, step, fleet.plan) if called is None else called
            alert = self._step(alert, step, names, fleet)
        return alert

    def _around(self, alert: Alert, step: Transition) -> Context | None:
        """What is known around an alert as a step is told."""
        silent = step.kind is TransitionKind.COMMENTED or alert.cause.kind in _ABOUT_ALERTS
        if self._witness is None or silent:
            return alert.context
        return self._witness.context(alert.cause)

    def _step(self, alert: Alert, step: Transition, called: tuple[str, ...], fleet: Fleet) -> Alert:
        receivers = {receiver.name: receiver for receiver in fleet.receivers}
        heard = hearings(alert, step, receivers, called)
        ways = [(one, self._way(alert, step, one, receivers.get(one.receiver), fleet)) for one in heard]
        alert = _told(alert, ways, self._around(alert, step))
        bodies = self._bodies(alert, step, {one.type for one, way in ways if way is Way.ALONE}, fleet)
        for hearing, way in ways:
            receiver = receivers.get(hearing.receiver)
            if receiver is None or way is Way.ALONE:
                self._queue(alert, step, hearing.receiver, receiver, bodies[hearing.type])
            elif way is Way.DIGEST:
                self._digests.defer(receiver, alert, step, hearing.type)
            if receiver is not None and way is not Way.DIGEST:
                self._group(alert, step, hearing, receiver, way, fleet)
        return alert

    def _way(
        self, alert: Alert, step: Transition, hearing: Hearing, receiver: Receiver | None, fleet: Fleet
    ) -> Way:
        """How a receiver hears of a step: by itself, in its group, or in its next digest."""
        if receiver is None:
            return Way.ALONE
        if receiver.name in alert.by_digest:
            return Way.DIGEST
        if receiver.name in alert.told and self._digests.holds(receiver.name, alert):
            return Way.DIGEST
        hears = self._hears(alert, step, hearing, receiver, fleet)
        if step.kind in _BY_THEMSELVES and not hears.member:
            return Way.ALONE
        urgent, flooded = _urgent(alert, step), self._flooded()
        if hears.member or (hears.wait_ms and receiver.name not in alert.told):
            return self._groups.way(hears, urgent=urgent, flooded=flooded)
        room = self._digests.has_room(receiver, step.at_ms, urgent=urgent, flooded=flooded)
        return Way.ALONE if room else Way.DIGEST

    def _group(  # noqa: PLR0913, PLR0917 - who hears what of a step, and how
        self, alert: Alert, step: Transition, hearing: Hearing, receiver: Receiver, way: Way, fleet: Fleet
    ) -> None:
        """What follows for the group of an alert."""
        hears = self._hears(alert, step, hearing, receiver, fleet)
        if way is Way.GATHER:
            self._groups.gather(hears)
        elif way is Way.AT_ONCE:
            self._groups.at_once(hears, fleet)
        elif hears.wait_ms and _urgent(alert, step):
            self._groups.hush(hears)

    def _hears(
        self, alert: Alert, step: Transition, hearing: Hearing, receiver: Receiver, fleet: Fleet
    ) -> Hears:
        about_goods = alert.cause.kind.about_goods
        return Hears(
            alert=alert,
            step=step,
            event=hearing.type,
            receiver=receiver,
            wait_ms=receiver.gathers_ms(fleet.plan.alerting.group_wait_ms) if about_goods else 0,
            member=receiver.name in alert.by_group,
        )

    def _bodies(self, alert: Alert, step: Transition, events: Set[str], fleet: Fleet) -> Mapping[str, bytes]:
        """What is sent about a step, by type of event: the same for everybody who hears it as that."""
        return {event: body_of(alert, step, event, fleet, self._public_url) for event in events}

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


def _urgent(alert: Alert, step: Transition) -> bool:
    """Whether a step calls people about goods, or of a flood."""
    calls = step.pages or step.kind in FOR_SOME
    return calls and (alert.critical or alert.cause.kind is AlertKind.FLOOD)


def _told(alert: Alert, ways: Sequence[tuple[Hearing, Way]], around: Context | None) -> Alert:
    """The alert with what is around it; whoever hears of it for the first time, and how they go on."""
    fresh = [(one.receiver, way) for one, way in ways if one.receiver not in alert.told]
    if not fresh and around == alert.context:
        return alert
    return replace(
        alert,
        context=around,
        told=(*alert.told, *(name for name, _ in fresh)),
        by_digest=(*alert.by_digest, *(name for name, way in fresh if way is Way.DIGEST)),
        by_group=(*alert.by_group, *(name for name, way in fresh if way is Way.GATHER)),
    )

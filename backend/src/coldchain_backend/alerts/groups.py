"""Groups: alarms of one asset, gateway and cause that come close together reach people as one message.

The first critical of a group waits for nothing; what follows within the wait gathers, and so does what is not
critical. Decided by the log's clock and kept with the alerts, as digests are, so that a restart in the middle
of a wait loses nothing. Whoever heard the fire in a group hears the rest of that alert in the group's stream.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from coldchain_backend.alerts.contracts import Delivery, DeskBook, DueName, Timers
from coldchain_backend.alerts.digests import Digests, entry_of
from coldchain_backend.alerts.memos import Memos
from coldchain_backend.alerts.notices import body_of, notice_of
from coldchain_backend.alerts.states import Alert, Transition
from coldchain_backend.alerts.together import Together, stream_of
from coldchain_backend.fleet import Fleet, Receiver


class Way(StrEnum):
    """How a receiver hears of a step."""

    ALONE = "alone"
    DIGEST = "digest"
    GATHER = "gather"  # with what else its group gathers
    AT_ONCE = "at_once"  # as the last of what its group has gathered


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What gathers for a receiver: alarms of one asset, gateway and cause.

    due_ms    when it is told; None: nothing gathers
    quiet_ms  up to then criticals gather too, because one was told at once
    """

    receiver: str = ""
    asset: str = ""
    gateway: str = ""
    cause: str = ""
    due_ms: int | None = None
    quiet_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hears:
    """A receiver that hears of a step of an alert as an event, at the log's stamp.

    wait_ms   so long its alarms gather
    member    it heard the fire in the group
    """

    alert: Alert
    step: Transition
    event: str
    receiver: Receiver
    wait_ms: int
    member: bool

    @property
    def now_ms(self) -> int:
        return self.step.at_ms

    @property
    def group(self) -> Group:
        """The group of the alert, where nothing gathers."""
        subject = self.alert.cause.subject
        return Group(
            receiver=self.receiver.name,
            asset=subject.asset or "",
            gateway=subject.gateway or "",
            cause=self.alert.cause.kind.value,
        )

    @property
    def stream(self) -> str:
        """The name of the group's messages, and of the group."""
        group = self.group
        return stream_of("gr", group.receiver, group.asset, group.gateway, group.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """When something is told, under which fleet; `find` finds an alert as it stands then."""

    now_ms: int
    fleet: Fleet
    find: Callable[[str], Alert | None]


class Groups:
    """Keeps what gathers, and tells it."""

    def __init__(
        self, book: DeskBook, timers: Timers, memos: Memos, digests: Digests, public_url: str
    ) -> None:
        self._book, self._timers, self._memos = book, timers, memos
        self._digests, self._public_url = digests, public_url

    def way(self, hears: Hears, *, urgent: bool, flooded: bool) -> Way:
        """How a step of an alert that may be in a group is heard."""
        group, now_ms = self._group(hears.stream), hears.now_ms
        room = self._digests.has_room(hears.receiver, now_ms, urgent=urgent, flooded=flooded)
        if room and urgent and now_ms >= group.quiet_ms:
            return Way.AT_ONCE if hears.member else Way.ALONE
        if hears.member or group.due_ms is not None:
            return Way.GATHER
        return Way.GATHER if room else Way.DIGEST

    def hush(self, hears: Hears) -> None:
        """A critical was told by itself: what comes behind it gathers."""
        group = self._group(hears.stream)
        quiet_ms = hears.now_ms + hears.wait_ms
        self._keep(hears.stream, replace(hears.group, due_ms=group.due_ms, quiet_ms=quiet_ms))

    def gather(self, hears: Hears) -> None:
        """A step waits for others; the first that waits says until when."""
        entry = entry_of(hears.receiver, hears.alert, hears.step, hears.event, hears.stream)
        self._book.put_entry(entry)
        group = self._group(hears.stream)
        if group.due_ms is None:
            self._digests.gather(hears.receiver.name, 1)
            due_ms = hears.now_ms + hears.wait_ms
            self._keep(hears.stream, replace(hears.group, due_ms=due_ms, quiet_ms=group.quiet_ms))

    def at_once(self, hears: Hears, fleet: Fleet) -> None:
        """A step that does not wait is told now, behind all that has gathered."""

        def find(alert_id: str) -> Alert | None:
            return hears.alert if alert_id == hears.alert.id else self._book.alert(alert_id)

        self.gather(hears)
        self.hush(hears)
        self._tell(hears.stream, _Moment(now_ms=hears.now_ms, fleet=fleet, find=find))

    def due(self, stream: str, now_ms: int, fleet: Fleet) -> None:
        """What has gathered is told; a group in which nothing gathers any more is forgotten."""
        group = self._group(stream)
        if group.due_ms is not None and group.due_ms <= now_ms:
            self._tell(stream, _Moment(now_ms=now_ms, fleet=fleet, find=self._book.alert))
        else:
            self._settle(stream, group, now_ms)

    def _tell(self, stream: str, moment: _Moment) -> None:
        """What gathered nobody else reads as if it had not waited; it keeps its place in the stream."""
        group = self._group(stream)
        waiting = self._book.entries(group.receiver, stream)
        self._digests.gather(group.receiver, -1)
        alerts = {entry.alert for entry in waiting}
        for together in [waiting] if len(alerts) > 1 else [[entry] for entry in waiting]:
            told = Together(
                stream=stream,
                number=self._digests.next_number(group.receiver),
                receiver=group.receiver,
                entries=together,
                at_ms=moment.now_ms,
            )
            for entry in together:
                self._book.put_entry(replace(entry, digest=told.id))
            self._book.put_delivery(self._delivery(group, told, moment))
        self._settle(stream, replace(group, due_ms=None), moment.now_ms)

    def _delivery(self, group: Group, told: Together, moment: _Moment) -> Delivery:
        """The message of one step, or of several with what their alerts have in common."""
        fleet, known = moment.fleet, moment.fleet.plan.receiver(group.receiver)
        due_ms = moment.now_ms if known is None else self._digests.spend(known, moment.now_ms)
        first = min(told.entries, key=lambda one: (not one.critical, one.at_ms, one.alert))
        alert, step = moment.find(first.alert), self._book.step(first.alert, first.sequence)
        if alert is None or step is None:
            return told.delivery(moment.find, fleet, due_ms)
        if len(told.entries) == 1:
            return told.alone(body_of(alert, step, first.type, fleet, self._public_url), due_ms)
        about = {
            **notice_of(alert, step, fleet).common(),
            "group": {
                "asset": group.asset or None,
                "gateway": group.gateway or None,
                "cause": group.cause,
            },
            "kind": group.cause,
            "link": f"{self._public_url}/alerts?asset={group.asset}",
        }
        return replace(told, about=about).delivery(moment.find, fleet, due_ms)

    def _settle(self, stream: str, group: Group, now_ms: int) -> None:
        if group.due_ms is None and group.quiet_ms <= now_ms:
            self._memos.drop(_name_of(stream))
        else:
            self._keep(stream, group)

    def _keep(self, stream: str, group: Group) -> None:
        self._memos.put(_name_of(stream), group)
        self._timers.set(stream, DueName.GROUP, group.quiet_ms if group.due_ms is None else group.due_ms)

    def _group(self, stream: str) -> Group:
        return self._memos.get(_name_of(stream), Group)


def _name_of(stream: str) -> str:
    return f"group\n{stream}"

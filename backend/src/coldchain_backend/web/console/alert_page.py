"""Alerts as the page shows them: a title, one sentence, facts, and what happened in order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from coldchain_backend.alerts import Alert, AlertKind, Transition, TransitionKind, notice_of
from coldchain_backend.fleet import Fleet, Place
from coldchain_backend.judging import AlertStory, DeliveryView
from coldchain_backend.web.board import Limits
from coldchain_backend.web.console.wording import UTC_NAME, Wording, degrees, limit

_STEP_OF_STATE = {
    "resolved": TransitionKind.RESOLVED,
    "resolved_unacked": TransitionKind.RESOLVED,
    "latched": TransitionKind.RESOLVED,
    "closed": TransitionKind.CLOSED,
    "withdrawn": TransitionKind.WITHDRAWN,
    "merged": TransitionKind.MERGED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A label and its value; `link` leads on."""

    label: str
    value: str
    big: bool = False
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened: a transition of the alert, or a telling."""

    kind: str
    text: str
    when: str
    event_when: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAlert:
    """An alert in words; `since` is when its cause began, in the asset's zone."""

    id: str
    level: str
    state: str
    open: bool
    acknowledged: bool
    title: str
    sentence: str
    since: str
    out: str | None
    acknowledged_text: str | None
    can_acknowledge: bool
    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Says alerts to one person: in their language, by the names of the newest fleet, by what they may do.

    `called` gives a person's name for an id that stands in an act.
    """

    wording: Wording
    fleet: Fleet
    may_acknowledge: bool
    called: Callable[[str], str] = str

    def brief(self, alert: Alert) -> ShownAlert:
        """An alert in a list."""
        return self._shown(alert, self._state_sentence(alert))

    def whole(self, story: AlertStory) -> ShownAlert:
        """An alert on its own page."""
        alert = story.alert
        last = story.steps[-1] if story.steps else None
        sentence = self._sentence(alert, last) if last is not None else self._state_sentence(alert)
        return self._shown(
            alert,
            sentence,
            facts=tuple(self._facts(alert)),
            notes=tuple(self._notes(alert)),
            steps=tuple(self._steps(story)),
        )

    def zone_of_time(self, alert: Alert) -> str:
        """The IANA name of the zone in which an alert's times are shown."""
        place = self.place(alert)
        if place is not None:
            return place.asset.time_zone
        subject = alert.cause.subject
        owners = {one.name: one.asset for one in self.fleet.gateways}
        wanted = {subject.asset, owners.get(subject.gateway or "")} - {None}
        return next((one.time_zone for one in self.fleet.assets if one.id in wanted), UTC_NAME)

    def limits(self, alert: Alert) -> Limits:
        """The limits of the zone that an alert is about."""
        place = self.place(alert)
        profile = None if place is None else self.fleet.plan.profile(place.zone.profile)
        return (None, None) if profile is None else profile.limits()

    def place(self, alert: Alert) -> Place | None:
        point = alert.cause.subject.point
        return None if point is None else self.fleet.plan.place_of_point(point)

    def _shown(
        self,
        alert: Alert,
        sentence: str,
        facts: tuple[Fact, ...] = (),
        notes: tuple[str, ...] = (),
        steps: tuple[Step, ...] = (),
    ) -> ShownAlert:
        w, where, cause = self.wording, self.zone_of_time(alert), alert.cause
        end_ms = w.now_ms if cause.end is None else cause.end.event_ms
        return ShownAlert(
            id=alert.id,
            level=alert.level.value,
            state=alert.standing.value,
            open=alert.state.open,
            acknowledged=alert.acknowledged is not None,
            title=self._title(alert),
            sentence=sentence,
            since=w.moment(cause.opened_ms, where),
            out=w.age(end_ms - cause.opened_ms),
            acknowledged_text=self._taken(alert, where),
            can_acknowledge=self.may_acknowledge and alert.state.listed and alert.acknowledged is None,
            facts=facts,
            notes=notes,
            steps=steps,
        )

    def _taken(self, alert: Alert, where: str) -> str | None:
        taken, w = alert.acknowledged, self.wording
        if taken is None:
            return None
        when = w.moment(taken.at_ms, where)
        return w.say("acknowledged_by", by=self.called(taken.by), when=when, reason=taken.reason)

    def _title(self, alert: Alert) -> str:
        cause, place = alert.cause, self.place(alert)
        w = self.wording
        names = [] if place is None else [place.zone.name, place.point.name]
        name = " · ".join(w.name(one) for one in names) or (
            cause.subject.gateway or cause.subject.sensor or cause.detail or cause.subject.point or ""
        )
        profile = None if place is None else self.fleet.plan.profile(place.zone.profile)
        return w.say(f"about_{cause.kind.value}", name=name, rule=w.rule(cause.rule or "", profile))

    def _sentence(self, alert: Alert, step: Transition) -> str:
        return notice_of(alert, step, self.fleet).text().in_(self.wording.language)

    def _state_sentence(self, alert: Alert) -> str:
        """What the newest telling step would say."""
        end = alert.cause.end
        step = Transition(
            alert=alert.id,
            sequence=alert.sequence,
            kind=_STEP_OF_STATE.get(alert.state.value, TransitionKind.FIRED),
            at_ms=alert.fired_ms,
            event_ms=alert.cause.event_ms,
            level=alert.level,
            value=alert.cause.value if end is None else end.value,
            by=None if end is None else end.by,
        )
        return self._sentence(alert, step)

    def _facts(self, alert: Alert) -> Iterator[Fact]:
        w, cause, where, limits = self.wording, alert.cause, self.zone_of_time(alert), self.limits(alert)
        place = self.place(alert)
        if cause.peak is not None:
            yield Fact(label=w.say("peak_fact"), value=f"{degrees(cause.peak, limits)} °C", big=True)
        if cause.limit is not None:
            yield Fact(label=w.say("limit"), value=f"{limit(cause.limit)} °C", big=True)
        if cause.kind is AlertKind.EXCURSION:
            yield Fact(label=w.say("out_fact"), value=w.age(cause.out_ms), big=True)
        yield Fact(label=w.say("opened"), value=w.exact(cause.opened_ms, where))
        yield Fact(label=w.say("fired"), value=w.exact(alert.fired_ms, where))
        if cause.end is not None:
            yield Fact(label=w.say("ended"), value=w.exact(cause.end.event_ms, where))
        if place is not None:
            yield Fact(label=w.say("zone"), value=w.name(place.zone.name), link=f"/zones/{place.zone.id}")
            yield Fact(label=w.say("asset"), value=w.name(place.asset.name))
            if place.asset.contacts:
                yield Fact(label=w.say("contacts"), value=", ".join(place.asset.contacts))
        if cause.subject.sensor is not None:
            yield Fact(label=w.say("sensor"), value=cause.subject.sensor)

    def _notes(self, alert: Alert) -> Iterator[str]:
        w, end = self.wording, alert.cause.end
        yield w.say("times_in", zone=self.zone_of_time(alert))
        if end is not None and end.incomplete:
            yield w.say("incomplete")
        if alert.cause.data_gap:
            yield w.say("data_gap")
        if alert.revision > 1:
            yield w.say("revision", n=alert.revision - 1)

    def _steps(self, story: AlertStory) -> Iterator[Step]:
        where = self.zone_of_time(story.alert)
        for step in story.steps:
            yield self._step(story.alert, step, where)
            for told in story.deliveries:
                if told.sequence == step.sequence:
                    yield self._told(told, where)

    def _step(self, alert: Alert, step: Transition, where: str) -> Step:
        w = self.wording
        key = f"step_{step.kind.value}"
        if step.kind is TransitionKind.RESOLVED and step.value is None:
            key = "step_resolved_plain"
        text = w.say(
            key,
            level=w.say(f"level_{step.level.value}"),
            by=self.called(step.by or ""),
            reason=step.reason or "",
            note=step.note or "",
            value="" if step.value is None else degrees(step.value, self.limits(alert)),
        )
        own = step.kind is TransitionKind.ACKNOWLEDGED
        return Step(
            kind=step.kind.value,
            text=text,
            when=w.exact(step.at_ms, where),
            event_when=None if own else w.exact(step.event_ms, where),
        )

    def _told(self, told: DeliveryView, where: str) -> Step:
        key = {"delivered": "delivered", "failed": "delivery_failed"}.get(told.state, "delivery_waiting")
        return Step(
            kind="delivery",
            text=self.wording.say(key, receiver=told.receiver, n=told.attempts),
            when=self.wording.exact(told.delivered_ms or told.created_ms, where),
            detail=told.last_error,
        )

"""Alerts as the page shows them: a title, one sentence, facts, and what happened in order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from coldchain_backend.alerts import (
    Alert,
    AlertKind,
    Cause,
    MuteKind,
    Transition,
    TransitionKind,
    names_for,
    notice_of,
    said_of,
)
from coldchain_backend.fleet import Asset, Fleet, Place, Plan
from coldchain_backend.judging import AlertStory, AttemptView, DeliveryView
from coldchain_backend.web.board import Limits
from coldchain_backend.web.console.alert_facts import Fact, around, facts_of, notes_of
from coldchain_backend.web.console.wording import UTC_NAME, Wording, degrees

_STEP_OF_STATE = {
    "resolved": TransitionKind.RESOLVED,
    "resolved_unacked": TransitionKind.RESOLVED,
    "latched": TransitionKind.RESOLVED,
    "closed": TransitionKind.CLOSED,
    "withdrawn": TransitionKind.WITHDRAWN,
    "merged": TransitionKind.MERGED,
}


_DELIVERY = {
    "delivered": "delivered",
    "dead": "delivery_failed",
    "failed": "delivery_failed",
    "held": "delivery_held",
}


def zone_of_nowhere(plan: Plan) -> str:
    """The IANA zone for times of what belongs to no asset: the one that all assets share, else UTC."""
    zones = {one.time_zone for one in plan.assets}
    return zones.pop() if len(zones) == 1 else UTC_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened: a transition of the alert, or a telling with its attempts in `more`.

    `link` leads to the telling, for those who may open it.
    """

    kind: str
    text: str
    when: str
    event_when: str | None = None
    detail: str | None = None
    more: tuple[str, ...] = ()
    fate: str = ""
    link: str | None = None


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
    muted: str | None = None
    acts: frozenset[str] = frozenset()
    facts: tuple[Fact, ...] = ()
    around: tuple[Fact, ...] = ()
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
    may_decide: bool = False
    called: Callable[[str], str] = str

    def brief(self, alert: Alert) -> ShownAlert:
        """An alert in a list."""
        return self._shown(alert, self._state_sentence(alert))

    def whole(self, story: AlertStory) -> ShownAlert:
        """An alert on its own page."""
        alert = story.alert
        last = story.steps[-1] if story.steps else None
        sentence = self._sentence(alert, last) if last is not None else self._state_sentence(alert)
        return replace(
            self._shown(alert, sentence),
            facts=tuple(facts_of(self, alert)),
            around=tuple(around(self, alert)),
            notes=tuple(notes_of(self, alert)),
            steps=tuple(self._steps(story)),
        )

    def zone_of_time(self, alert: Alert) -> str:
        """The IANA name of the zone in which an alert's times are shown."""
        asset = self.asset(alert)
        return zone_of_nowhere(self.fleet.plan) if asset is None else asset.time_zone

    def asset(self, alert: Alert) -> Asset | None:
        """The asset that an alert is about, or whose gateway it is about, if it still stands in the fleet."""
        place, subject = self.place(alert), alert.cause.subject
        if place is not None:
            return place.asset
        owners = {one.name: one.asset for one in self.fleet.gateways}
        wanted = {subject.asset, owners.get(subject.gateway or "")} - {None}
        return next((one for one in self.fleet.assets if one.id in wanted), None)

    def limits(self, alert: Alert) -> Limits:
        """The limits of the zone that an alert is about."""
        place = self.place(alert)
        profile = None if place is None else self.fleet.plan.profile(place.zone.profile)
        return (None, None) if profile is None else profile.limits()

    def place(self, alert: Alert) -> Place | None:
        """The point that an alert is about with its surroundings, if it still stands in the fleet."""
        point = alert.cause.subject.point
        return None if point is None else self.fleet.plan.place_of_point(point)

    def _shown(self, alert: Alert, sentence: str) -> ShownAlert:
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
            muted=self._muted(alert, where),
            acts=frozenset(self._acts(alert)),
            can_acknowledge=self.may_acknowledge and alert.state.listed and alert.acknowledged is None,
        )

    def _taken(self, alert: Alert, where: str) -> str | None:
        taken, w = alert.acknowledged, self.wording
        if taken is None:
            return None
        when = w.moment(taken.at_ms, where)
        return w.say("acknowledged_by", by=self.called(taken.by), when=when, reason=taken.reason)

    def _muted(self, alert: Alert, where: str) -> str | None:
        """What lies over an alert: why nobody is called, by whom, until when."""
        muted, w = alert.muted, self.wording
        if muted is None:
            return None
        until = w.say("mute_open") if muted.until_ms is None else w.exact(muted.until_ms, where)
        state = w.say(f"mute_{muted.kind.value}")
        return w.say("muted_by", state=state, by=self.called(muted.by), until=until, reason=muted.reason)

    def _acts(self, alert: Alert) -> Iterator[str]:
        """What this person may do with an alert now, beside acknowledging."""
        if not self.may_acknowledge:
            return
        yield "comment"
        if alert.state.open:
            shelved = alert.muted is not None and alert.muted.kind is MuteKind.SHELVED
            yield "unshelve" if shelved else "shelve"
        elif self.may_decide and alert.cause.kind is AlertKind.EXCURSION:
            yield "dispose"

    def _title(self, alert: Alert) -> str:
        cause, place = alert.cause, self.place(alert)
        w = self.wording
        names = [] if place is None else [place.zone.name, place.point.name]
        name = " · ".join(w.name(one) for one in names) or self._subject(cause)
        profile = None if place is None else self.fleet.plan.profile(place.zone.profile)
        return w.say(f"about_{cause.kind.value}", name=name, rule=w.rule(cause.rule or "", profile))

    def _subject(self, cause: Cause) -> str:
        """What an alert that stands at no point is about."""
        if cause.kind is AlertKind.SYSTEM and cause.detail is not None:
            return said_of(cause, self.wording.language, names_for(cause, self.fleet)).partition(" (")[0]
        subject = cause.subject
        return subject.gateway or subject.sensor or cause.detail or subject.point or ""

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

    def _steps(self, story: AlertStory) -> Iterator[Step]:
        where = self.zone_of_time(story.alert)
        for step in story.steps:
            yield self._step(story.alert, step, where)
            for told in story.deliveries:
                if told.sequence == step.sequence:
                    yield self._told(told, story.attempts, where)

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
        own = step.kind is TransitionKind.ACKNOWLEDGED or step.at_ms // 1000 == step.event_ms // 1000
        return Step(
            kind=step.kind.value,
            text=text,
            when=w.exact(step.at_ms, where),
            event_when=None if own else w.exact(step.event_ms, where),
        )

    def _told(self, told: DeliveryView, attempts: Sequence[AttemptView], where: str) -> Step:
        w = self.wording
        key = _DELIVERY.get(told.state, "delivery_waiting" if told.attempts else "delivery_queued")
        tried = [
            w.say(
                "delivery_attempt",
                n=one.number,
                when=w.exact(one.at_ms, where),
                why=one.detail or one.outcome,
            )
            for one in attempts
            if one.delivery == told.id
        ]
        if told.state == "queued" and told.attempts:
            tried.append(w.say("delivery_next", when=w.exact(told.due_ms, where)))
        return Step(
            kind="delivery",
            text=w.say(key, receiver=told.receiver, n=told.attempts),
            when=w.exact(told.delivered_ms or told.created_ms, where),
            detail=None if told.state == "delivered" else told.last_error,
            more=tuple(tried),
            fate=told.state,
            link=f"/deliveries/{told.id}" if self.may_acknowledge else None,
        )

"""What the link in a message leads to: where, how bad, for how long, and one question."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from coldchain_backend.alerts import Alert, AlertKind
from coldchain_backend.fleet import Fleet
from coldchain_backend.web.console.alert_facts import Fact
from coldchain_backend.web.console.alert_page import Teller
from coldchain_backend.web.console.wording import Wording, degrees, limit

REASONS = ("seen", "called", "going", "door", "moved", "work", "passed_on")
"""What is usually done first; the words stand in the texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A person who may be chosen; `name` is in the language of the page."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLink:
    """The page's content. `taken`: who took notice, when and why; `over`: that nothing needs to be done.

    members   of a group: each of its alerts, with how it stands
    """

    title: str
    where: str
    level: str
    state: str
    open: bool
    sentence: str
    facts: tuple[Fact, ...]
    contacts: tuple[str, ...]
    times: str
    taken: str | None
    over: str | None
    persons: tuple[Named, ...]
    reasons: Mapping[str, str]
    members: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTeller:
    """Says one alert to somebody who is not signed in; `called` gives a person's name for an id."""

    wording: Wording
    fleet: Fleet
    called: Callable[[str], str]

    def show(self, alert: Alert, persons: Sequence[Named]) -> ShownLink:
        """The alert as it stands now."""
        teller = Teller(wording=self.wording, fleet=self.fleet, may_acknowledge=False, called=self.called)
        brief, place, w = teller.brief(alert), teller.place(alert), self.wording
        asset = "" if place is None else w.name(place.asset.name)
        if place is not None and place.asset.plate:
            asset += f" {place.asset.plate}"
        zone = teller.zone_of_time(alert)
        return ShownLink(
            title=brief.title,
            where=asset,
            level=brief.level,
            state=brief.state,
            open=brief.open,
            sentence="" if alert.cause.kind is AlertKind.EXCURSION else brief.sentence,
            facts=tuple(self._facts(alert, teller, zone)),
            contacts=() if place is None else tuple(place.asset.contacts),
            times=w.say("times_in", zone=zone),
            taken=self._taken(alert, zone),
            over=None if alert.state.open else w.say("link_over", state=w.say(f"state_{alert.state.value}")),
            persons=tuple(persons),
            reasons={one: w.say(f"link_reason_{one}") for one in REASONS},
        )

    def show_group(self, alerts: Sequence[Alert], persons: Sequence[Named]) -> ShownLink:
        """The alerts of a group as they stand now; whatever of them goes on is acknowledged together."""
        w = self.wording
        teller = Teller(wording=w, fleet=self.fleet, may_acknowledge=False, called=self.called)
        going_on = [one for one in alerts if one.state.open]
        waiting = [one for one in going_on if one.acknowledged is None]
        one = self.show((waiting or going_on or list(alerts))[0], persons)
        title = "link_group" if waiting else "link_group_known"
        taken = w.say("link_group_taken", count=len(going_on)) if going_on and not waiting else None
        return replace(
            one,
            title=w.say(title, count=len(alerts), waiting=len(waiting)),
            sentence="",
            facts=(),
            taken=taken if taken is None or one.taken is None else f"{taken} {one.taken}",
            over=None if going_on else w.say("link_over", state=w.say("link_group_over")),
            members=tuple(self._member(alert, teller) for alert in alerts),
        )

    def _member(self, alert: Alert, teller: Teller) -> Fact:
        w, cause, brief = self.wording, alert.cause, teller.brief(alert)
        value = "" if cause.value is None else f"{degrees(cause.value, teller.limits(alert))} °C · "
        taken = self._taken(alert, teller.zone_of_time(alert))
        return Fact(label=brief.title, value=value + (taken or w.say(f"state_{brief.state}")), big=False)

    def _facts(self, alert: Alert, teller: Teller, zone: str) -> list[Fact]:
        w, cause, limits = self.wording, alert.cause, teller.limits(alert)
        facts = []
        if cause.value is not None:
            facts.append(Fact(label=w.say("value"), value=f"{degrees(cause.value, limits)} °C", big=True))
        if cause.limit is not None:
            facts.append(Fact(label=w.say("limit"), value=f"{limit(cause.limit)} °C", big=True))
        if cause.kind is AlertKind.EXCURSION:
            facts.append(Fact(label=w.say("link_out"), value=w.age(cause.out_ms), big=True))
        end_ms = w.now_ms if cause.end is None else cause.end.event_ms
        since = w.moment(cause.opened_ms, zone)
        open_for = w.age(end_ms - cause.opened_ms)
        facts.append(Fact(label=w.say("link_open_for"), value=open_for, big=cause.value is None))
        facts.append(Fact(label=w.say("opened"), value=since))
        if cause.peak is not None:
            facts.append(Fact(label=w.say("peak_fact"), value=f"{degrees(cause.peak, limits)} °C"))
        return facts

    def _taken(self, alert: Alert, zone: str) -> str | None:
        taken, w = alert.acknowledged, self.wording
        if taken is None:
            return None
        return w.say(
            "acknowledged_by", by=self.called(taken.by), when=w.moment(taken.at_ms, zone), reason=taken.reason
        )


def reason_of(wording: Wording, choice: str, said: str) -> str:
    """The chosen words and what was added to them; empty where neither was given."""
    chosen = wording.say(f"link_reason_{choice}") if choice in REASONS else ""
    return (
        " ".join([*chosen.split(), *said.split()]) if not chosen or not said else f"{chosen}: {said.strip()}"
    )

"""What the link in a message leads to: where, how bad, for how long, and one question."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from coldchain.profiles import Level
from coldchain_backend.alerts import Alert, AlertKind
from coldchain_backend.fleet import Asset, Fleet
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
        teller = self._teller()
        brief, w = teller.brief(alert), self.wording
        zone, assets = teller.zone_of_time(alert), _assets([alert], teller)
        return ShownLink(
            title=brief.title,
            where=self._where(assets),
            level=brief.level,
            state=brief.state,
            open=brief.open,
            sentence="" if alert.cause.kind is AlertKind.EXCURSION else brief.sentence,
            facts=tuple(self._facts(alert, teller, zone)),
            contacts=_contacts(assets),
            times=w.say("times_in", zone=zone),
            taken=self._taken(alert, zone),
            over=None if alert.state.open else w.say("link_over", state=w.say(f"state_{alert.state.value}")),
            persons=tuple(persons),
            reasons={one: w.say(f"link_reason_{one}") for one in REASONS},
        )

    def show_group(self, alerts: Sequence[Alert], persons: Sequence[Named]) -> ShownLink:
        """The alerts of a group as they stand now; whatever of them goes on is acknowledged together."""
        w = self.wording
        teller = self._teller()
        assets, zones = _assets(alerts, teller), list(dict.fromkeys(map(teller.zone_of_time, alerts)))
        going_on = [one for one in alerts if one.state.open]
        waiting = [one for one in going_on if one.acknowledged is None]
        worst = min(waiting or going_on or alerts, key=lambda alert: alert.level is not Level.ALARM)
        one = self.show(worst, persons)
        title = "link_group" if waiting else "link_group_known"
        taken = w.say("link_group_taken", count=len(going_on)) if going_on and not waiting else None
        return replace(
            one,
            title=w.say(title, count=len(alerts), waiting=len(waiting)),
            where=self._where(assets),
            sentence="",
            facts=(),
            contacts=_contacts(assets),
            times=w.say("times_in", zone=", ".join(zones)),
            taken=taken if taken is None or one.taken is None else f"{taken} {one.taken}",
            over=None if going_on else w.say("link_over", state=w.say("link_group_over")),
            members=tuple(self._member(alert, teller, apart=len(zones) > 1) for alert in alerts),
        )

    def _teller(self) -> Teller:
        return Teller(wording=self.wording, fleet=self.fleet, may_acknowledge=False, called=self.called)

    def _where(self, assets: Sequence[Asset]) -> str:
        names = (f"{self.wording.name(one.name)} {one.plate or ''}".strip() for one in assets)
        return " · ".join(names)

    def _member(self, alert: Alert, teller: Teller, *, apart: bool) -> Fact:
        """An alert of a group; `apart`: its times are of another zone than those of others."""
        w, cause, brief, zone = self.wording, alert.cause, teller.brief(alert), teller.zone_of_time(alert)
        value = "" if cause.value is None else f"{degrees(cause.value, teller.limits(alert))} °C · "
        taken = self._taken(alert, zone)
        if taken is not None and apart:
            taken += f" ({zone})"
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


def _assets(alerts: Sequence[Alert], teller: Teller) -> Sequence[Asset]:
    """The assets of alerts, each once."""
    found = (asset for one in alerts if (asset := teller.asset(one)) is not None)
    return list({one.id: one for one in found}.values())


def _contacts(assets: Sequence[Asset]) -> tuple[str, ...]:
    """The phones of assets, each once."""
    return tuple(dict.fromkeys(phone for one in assets for phone in one.contacts))


def reason_of(wording: Wording, choice: str, said: str) -> str:
    """The chosen words and what was added to them; empty where neither was given."""
    chosen = wording.say(f"link_reason_{choice}") if choice in REASONS else ""
    return (
        " ".join([*chosen.split(), *said.split()]) if not chosen or not said else f"{chosen}: {said.strip()}"
    )

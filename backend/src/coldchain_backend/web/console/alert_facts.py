"""The facts about an alert: what it is about, how bad it was, and what was known around it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from coldchain_backend.alerts import Alert, AlertKind
from coldchain_backend.fleet import Fleet, Place
from coldchain_backend.web.board import Limits
from coldchain_backend.web.console.wording import Wording, degrees, limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A label and its value; `link` leads on."""

    label: str
    value: str
    big: bool = False
    link: str | None = None


class Teller(Protocol):
    """Who says it: in which words, by the names of which fleet."""

    @property
    def wording(self) -> Wording:
        """The language, and the present."""
        ...

    @property
    def fleet(self) -> Fleet:
        """Whose names are said."""
        ...

    def zone_of_time(self, alert: Alert) -> str:
        """The IANA name of the zone in which an alert's times are shown."""
        ...

    def limits(self, alert: Alert) -> Limits:
        """The limits of the zone that an alert is about."""
        ...

    def place(self, alert: Alert) -> Place | None:
        """The point that an alert is about with its surroundings, if it still stands in the fleet."""
        ...


def facts_of(teller: Teller, alert: Alert) -> Iterator[Fact]:
    """What it is about and how bad it was, the figures that matter first."""
    w, cause, where, limits = teller.wording, alert.cause, teller.zone_of_time(alert), teller.limits(alert)
    place = teller.place(alert)
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


def around(teller: Teller, alert: Alert) -> Iterator[Fact]:
    """What was known around it when it was last told."""
    known, w, where = alert.context, teller.wording, teller.zone_of_time(alert)
    if known is None:
        return
    if known.degree_minutes is not None:
        yield Fact(label=w.say("degree_minutes"), value=f"{known.degree_minutes:.0f} °C·min")
    for key, switch in (("door", known.door_open), ("defrost", known.defrost), ("mains", known.mains)):
        if switch is not None:
            yield Fact(label=w.say(f"around_{key}"), value=w.say(f"around_{key}_{'yes' if switch else 'no'}"))
    if known.ups_charge is not None:
        yield Fact(label=w.say("around_ups"), value=f"{known.ups_charge:.0f} %")
    if known.last_contact_ms is not None:
        yield Fact(label=w.say("around_contact"), value=w.exact(known.last_contact_ms, where))
    for one in known.siblings:
        place = teller.fleet.plan.place_of_point(one.point)
        name = one.point if place is None else w.name(place.point.name)
        value = "–" if one.value is None else f"{degrees(one.value, teller.limits(alert))} °C"
        yield Fact(label=w.say("around_sibling", name=name), value=value)
    if known.position is not None:
        spot = f"{known.position.latitude:.5f},{known.position.longitude:.5f}"
        when = w.moment(known.position.at_ms, where)
        yield Fact(label=w.say("around_position", when=when), value=spot, link=f"geo:{spot}")


def notes_of(teller: Teller, alert: Alert) -> Iterator[str]:
    """What must be said beside the facts: the zone of times, what is missing, what was corrected."""
    w, end = teller.wording, alert.cause.end
    yield w.say("times_in", zone=teller.zone_of_time(alert))
    if end is not None and end.incomplete:
        yield w.say("incomplete")
    if alert.cause.data_gap:
        yield w.say("data_gap")
    if alert.revision > 1:
        yield w.say("revision", n=alert.revision - 1)

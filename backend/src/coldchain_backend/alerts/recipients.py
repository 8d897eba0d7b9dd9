"""How many different people an alarm of a zone reaches: counted by person, at the hour when they are fewest.

Who is named in two receivers counts once; who is disabled, unknown, or without an address of the kind that a
receiver's channel needs does not count. A group's robot or a webhook needs no address of a person: whoever is
named there is counted as reading it. How many there must be is the profile's own figure.
This is the one rule: `fleet diff` and `apply`, a zone's state and `ready` all ask it.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coldchain_backend.access import Address, People
from coldchain_backend.alerts.reach import KINDS, Stretch, Weeks, alarms_of, said_times, week_begin
from coldchain_backend.fleet import Asset, Plan, Receiver, Zone, ZoneState

NEEDS: Final[Mapping[str, Address]] = {
    "email": Address.EMAIL,
    "sms": Address.MOBILE,
    "voice": Address.PHONE,
}
"""Channels that reach a person by their own address."""


class Uncounted(StrEnum):
    """Why somebody whom a receiver names does not count."""

    UNKNOWN = "unknown"
    DISABLED = "disabled"
    NO_ADDRESS = "no_address"  # none of the kind that the receiver's channel needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A person whom a receiver names and whom it does not reach."""

    person: str
    receiver: str
    why: Uncounted

    def __str__(self) -> str:
        return f"{self.person} ({self.why.value.replace('_', ' ')}, named by {self.receiver})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """The fewest people that an alarm of a zone reaches at any hour of this week, before it escalates.

    wanted   how many the zone's profile demands
    short    the times of the week in which fewer are reached, ms UTC, end-exclusive
    absent   who is named at the hour when they are fewest, and reached by none of its receivers
    """

    zone: str
    time_zone: str
    wanted: int
    persons: tuple[str, ...]
    short: tuple[tuple[int, int], ...] = ()
    absent: tuple[Absent, ...] = ()

    @property
    def enough(self) -> bool:
        """Whether there are as many as demanded."""
        return len(self.persons) >= self.wanted

    @property
    def said(self) -> str:
        """Who is reached, and when they are too few."""
        named = f" ({', '.join(self.persons)})" if self.persons else ""
        when = f", {said_times(self.short, self.time_zone)}" if self.short else ""
        return f"{len(self.persons)}/{self.wanted}{named}{when}"

    def __str__(self) -> str:
        said = f"{len(self.persons)} ({', '.join(self.persons)})" if self.persons else "nobody"
        when = f" {said_times(self.short, self.time_zone)}" if self.short else ""
        absent = f"; not counted: {', '.join(map(str, self.absent))}" if self.absent else ""
        return (
            f"zone {self.zone}: an alarm must reach {self.wanted} different people, but reaches {said}"
            f"{when}{absent}"
        )


def reached_by(receivers: Iterable[Receiver], people: People) -> tuple[str, ...]:
    """The ids of the different people whom these receivers reach."""
    named = ((person, receiver) for receiver in receivers for person in receiver.persons)
    return tuple(dict.fromkeys(person for person, receiver in named if not _why(person, receiver, people)))


def _why(name: str, receiver: Receiver, people: People) -> Uncounted | None:
    """Why a receiver does not reach somebody whom it names; None: it does."""
    person, address = people.person(name), NEEDS.get(receiver.kind)
    if person is None:
        return Uncounted.UNKNOWN
    if person.disabled:
        return Uncounted.DISABLED
    return None if address is None or person.at(address) else Uncounted.NO_ADDRESS


def _absent(receivers: Iterable[Receiver], people: People) -> Iterator[Absent]:
    """Who is named, with the first reason against each."""
    receivers = tuple(receivers)
    settled = set(reached_by(receivers, people))
    for receiver in receivers:
        for person in receiver.persons:
            why = None if person in settled else _why(person, receiver, people)
            if why is not None:
                settled.add(person)
                yield Absent(person=person, receiver=receiver.name, why=why)


def recipients_of(plan: Plan, asset: Asset, zone: Zone, people: People, now_ms: int) -> Recipients:
    """How many people the alarms of a zone reach in the week of an instant, ms UTC."""
    profile, named = plan.profile(zone.profile), {one.name: one for one in plan.receivers}
    wanted = 0 if profile is None else profile.recipients

    def on(stretch: Stretch) -> list[Receiver]:
        return [named[name] for name in stretch.receivers if name in named]

    weeks = Weeks(plan, week_begin(asset.time_zone, now_ms))
    counted = [
        (reached_by(on(one), people), one) for kind in KINDS for one in weeks.of(alarms_of(asset, zone, kind))
    ]
    persons, worst = min(counted, key=lambda one: (len(one[0]), one[1].from_ms))
    short = sorted({(one.from_ms, one.to_ms) for reached, one in counted if len(reached) < wanted})
    return Recipients(
        zone=zone.id,
        time_zone=asset.time_zone,
        wanted=wanted,
        persons=persons,
        short=tuple(_joined(short)),
        absent=tuple(_absent(on(worst), people)),
    )


def _joined(times: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Times in their order, with those that touch or overlap as one."""
    found: list[tuple[int, int]] = []
    for from_ms, to_ms in times:
        if found and from_ms <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], to_ms))
        else:
            found.append((from_ms, to_ms))
    return found


def too_few(
    plan: Plan, people: People, now_ms: int, only: Container[str] | None = None
) -> Iterator[Recipients]:
    """Zones in use whose alarms reach fewer people than their profile demands; `only` some of them."""
    for asset, zone in plan.zones():
        if zone.state is not ZoneState.IN_USE or (only is not None and zone.id not in only):
            continue
        found = recipients_of(plan, asset, zone, people, now_ms)
        if not found.enough:
            yield found


def put_in_use(old: Plan, new: Plan) -> frozenset[str]:
    """Zones that a plan puts in use, or under a profile that demands more people than before."""
    before = {zone.id: _demand(old, zone) for _, zone in old.zones()}
    demanded = ((zone.id, _demand(new, zone)) for _, zone in new.zones())
    return frozenset(zone for zone, demand in demanded if demand > before.get(zone, 0))


def _demand(plan: Plan, zone: Zone) -> int:
    """How many people a zone demands as it stands; none where it is not in use."""
    profile = plan.profile(zone.profile)
    return profile.recipients if profile is not None and zone.state is ZoneState.IN_USE else 0

"""How many different people an alarm of a zone reaches: counted by person, at the hour when they are fewest.

Who is named in two receivers counts once; who is disabled, unknown, or without an address of the kind that a
receiver's channel needs does not count. A group's robot or a webhook needs no address of a person: whoever is
named there is counted as reading it.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from coldchain_backend.access import Address, People
from coldchain_backend.alerts.reach import KINDS, Weeks, alarms_of, week_begin
from coldchain_backend.fleet import Asset, Plan, Receiver, Zone, ZoneState

NEEDS: Final[Mapping[str, Address]] = {
    "email": Address.EMAIL,
    "sms": Address.MOBILE,
    "voice": Address.PHONE,
}
"""Channels that reach a person by their own address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """The fewest people that an alarm of a zone reaches, and since when (ms UTC, this week) there are so few.

    wanted   how many the zone's profile demands
    """

    zone: str
    wanted: int
    persons: tuple[str, ...]
    at_ms: int

    @property
    def enough(self) -> bool:
        """Whether there are as many as demanded."""
        return len(self.persons) >= self.wanted

    def __str__(self) -> str:
        said = f"{len(self.persons)} ({', '.join(self.persons)})" if self.persons else "nobody"
        return f"zone {self.zone}: an alarm must reach {self.wanted} different people, but reaches {said}"


def reached_by(receivers: Iterable[Receiver], people: People) -> tuple[str, ...]:
    """The ids of the different people whom these receivers reach."""
    found: dict[str, None] = {}
    for receiver in receivers:
        address = NEEDS.get(receiver.kind)
        for person in people.people(receiver.persons):
            if not person.disabled and (address is None or person.at(address)):
                found[person.id] = None
    return tuple(found)


def recipients_of(plan: Plan, asset: Asset, zone: Zone, people: People, now_ms: int) -> Recipients:
    """The fewest people whom an alarm of a zone reaches at any hour of this week, before it escalates."""
    profile, named = plan.profile(zone.profile), {one.name: one for one in plan.receivers}
    weeks = Weeks(plan, week_begin(asset.time_zone, now_ms))
    stretches = (one for kind in KINDS for one in weeks.of(alarms_of(asset, zone, kind)))
    counted = (
        (reached_by([named[name] for name in one.receivers if name in named], people), one.from_ms)
        for one in stretches
    )
    persons, at_ms = min(counted, key=lambda one: (len(one[0]), one[1]), default=((), now_ms))
    wanted = 0 if profile is None else profile.recipients
    return Recipients(zone=zone.id, wanted=wanted, persons=persons, at_ms=at_ms)


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

"""What a fleet says of places and limits over time: pieces of time with equal tags. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from coldchain.profiles import Profile, Side
from coldchain.readings import Value
from coldchain.words import Text
from coldchain_backend.fleet import Asset, Fleet, Spell, Zone, ZoneState
from coldchain_backend.mirror.points import Fields, Tags, limit_line, named

HOUR_MS: Final = 3_600_000


class Stand(NamedTuple):
    """A time [from_ms, to_ms) in which a sensor stood at one point of one name; to_ms None: still."""

    from_ms: int
    to_ms: int | None
    asset: str
    zone: str
    point: str
    name: str

    def tags(self, organisation: str, sensor: str) -> dict[str, str]:
        """The tags of what belongs to this time."""
        return {
            "organisation": organisation,
            "asset": self.asset,
            "zone": self.zone,
            "point": self.point,
            "point_name": self.name,
            "sensor": sensor,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A time [from_ms, to_ms) in which the limits of a zone were the same; to_ms None: still."""

    from_ms: int
    to_ms: int | None
    tags: Tags
    fields: Fields

    def lines(self, from_ms: int, to_ms: int) -> Iterator[str]:
        """Its points of from_ms ≤ time < to_ms: where it begins, and at full hours."""
        end_ms = to_ms if self.to_ms is None else min(to_ms, self.to_ms)
        if from_ms <= self.from_ms < end_ms:
            yield limit_line(self.tags, self.fields, self.from_ms)
        for at_ms in full_hours(max(self.from_ms + 1, from_ms), end_ms):
            yield limit_line(self.tags, self.fields, at_ms)


def full_hours(from_ms: int, to_ms: int) -> range:
    """The full hours of from_ms ≤ time < to_ms."""
    return range(-(-from_ms // HOUR_MS) * HOUR_MS, to_ms, HOUR_MS)


def stands(fleet: Fleet, sensor: str) -> list[Stand]:
    """Where a sensor stood, in use or not, oldest first; a new name of the point begins a new time."""
    found: list[Stand] = []
    for spell in fleet.spells(sensor):
        place = spell.place
        for from_ms, to_ms, name in _called(fleet, spell):
            one = Stand(from_ms, to_ms, place.asset.id, place.zone.id, place.point.id, name)
            if found and found[-1].to_ms == one.from_ms and found[-1][2:] == one[2:]:
                one = one._replace(from_ms=found.pop().from_ms)
            found.append(one)
    return found


def _called(fleet: Fleet, spell: Spell) -> list[tuple[int, int | None, str]]:
    """How the point of a spell was called in the course of it."""
    found: list[tuple[int, int | None, str]] = []
    for version in fleet.in_force_between(spell.from_ms, 1 << 62 if spell.to_ms is None else spell.to_ms):
        place = version.plan.place_of_point(spell.place.point.id)
        name = None if place is None else label(place.point.name) or place.point.id
        if name is not None and (not found or found[-1][2] != name):
            from_ms = max(spell.from_ms, version.from_ms) if found else spell.from_ms
            found[-1:] = [(found[-1][0], from_ms, found[-1][2])] if found else []
            found.append((from_ms, spell.to_ms, name))
    return found


def label(name: Text) -> str:
    """A name as a tag holds it: in English and in Chinese where both were given."""
    both = dict.fromkeys(one.strip() for one in (name.en, name.zh))
    return " / ".join(one for one in both if one)


def judged_spells(fleet: Fleet, sensor: str) -> list[tuple[Spell, str]]:
    """The spells in use of a sensor, once for each quantity that their profile judges."""
    return [
        (spell, quantity)
        for spell in fleet.spells(sensor)
        if spell.in_use
        for quantity in dict.fromkeys(rule.quantity for rule in spell.profile.rules)
    ]


def placed(fleet: Fleet, point: str, at_ms: int) -> tuple[str, str] | None:
    """Asset and zone of a point at an instant; by the newest version that knows it if that one does not."""
    for version in (fleet.at(at_ms), *reversed(fleet.versions)):
        place = version.plan.place_of_point(point)
        if place is not None:
            return place.asset.id, place.zone.id
    return None


def placements(fleet: Fleet, points: Iterable[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """For each point the places it had, in order of time: what changes here has changed tags."""
    found: dict[str, list[tuple[str, str]]] = {point: [] for point in points}
    for version in fleet.in_force_between(0, 1 << 62):
        for place in version.plan.places():
            told = (place.asset.id, place.zone.id)
            known = found.get(place.point.id)
            if known is not None and (not known or known[-1] != told):
                known.append(told)
    return {point: tuple(told) for point, told in found.items()}


def points_of(fleet: Fleet, zone: str) -> list[str]:
    """Every point that was ever in a zone, by id."""
    found = (version.plan.zone(zone) for version in fleet.versions)
    return sorted({point.id for one in found if one is not None for point in one[1].points})


def zones_of(fleet: Fleet) -> dict[str, set[str]]:
    """For each point that there ever was, the zones that it was in."""
    found: dict[str, set[str]] = {}
    for version in fleet.versions:
        for place in version.plan.places():
            found.setdefault(place.point.id, set()).add(place.zone.id)
    return found


def zone_ids(fleet: Fleet) -> list[str]:
    """Every zone that a version in force knows."""
    return list(
        dict.fromkeys(
            zone.id for version in fleet.in_force_between(0, 1 << 62) for _, zone in version.plan.zones()
        )
    )


def limits(fleet: Fleet, zone: str) -> list[Limits]:
    """The limits of a zone over time, for each quantity that is judged; oldest first within a quantity."""
    found: dict[str, list[Limits]] = {}
    for one in _pieces(fleet, zone):
        known = found.setdefault(one.tags["quantity"], [])
        before = known[-1] if known else None
        if before is not None and before.to_ms == one.from_ms and _says(before) == _says(one):
            known[-1] = Limits(from_ms=before.from_ms, to_ms=one.to_ms, tags=one.tags, fields=one.fields)
        else:
            known.append(one)
    return [one for known in found.values() for one in known]


def _says(one: Limits) -> tuple[Tags, Fields]:
    return one.tags, one.fields


def _pieces(fleet: Fleet, zone_id: str) -> Iterator[Limits]:
    """A piece for each version in force and state of the zone."""
    versions = fleet.in_force_between(0, 1 << 62)
    for index, version in enumerate(versions):
        to_ms = versions[index + 1].from_ms if index + 1 < len(versions) else None
        found = next(((a, z) for a, z in version.plan.zones() if z.id == zone_id), None)
        profile = None if found is None else version.plan.profile(found[1].profile)
        if found is None or profile is None:
            continue
        for stretch in fleet.states(zone_id):
            from_ms = max(version.from_ms, stretch.from_ms)
            end_ms = _sooner(to_ms, stretch.to_ms)
            if end_ms is None or from_ms < end_ms:
                yield from _of_piece(fleet.organisation, found, profile, stretch.state, (from_ms, end_ms))


def _sooner(one: int | None, other: int | None) -> int | None:
    return min((end for end in (one, other) if end is not None), default=None)


def _of_piece(
    organisation: str,
    found: tuple[Asset, Zone],
    profile: Profile,
    state: ZoneState,
    span: tuple[int, int | None],
) -> Iterator[Limits]:
    asset, zone = found
    for quantity in dict.fromkeys(rule.quantity for rule in profile.rules):
        fields: dict[str, Value | str | None] = {
            "profile": named(profile),
            "state": state.value,
            "in_use": state is ZoneState.IN_USE,
            "required_coverage": profile.required_coverage,
            "asset_en": asset.name.en,
            "asset_zh": asset.name.zh,
            "zone_en": zone.name.en,
            "zone_zh": zone.name.zh,
        }
        if state is ZoneState.IN_USE:
            fields.update(_thresholds(profile, quantity))
        tags = {"organisation": organisation, "asset": asset.id, "zone": zone.id, "quantity": quantity}
        yield Limits(from_ms=span[0], to_ms=span[1], tags=tags, fields=fields)


def _thresholds(profile: Profile, quantity: str) -> Mapping[str, float]:
    """The nearest and the farthest limit of each side."""
    rules = [rule for rule in profile.rules_for(quantity) if rule.by_value]
    lows = [rule.threshold for rule in rules if rule.side is Side.LOW]
    highs = [rule.threshold for rule in rules if rule.side is Side.HIGH]
    found = {"low": max(lows), "low_far": min(lows)} if lows else {}
    return {**found, **({"high": min(highs), "high_far": max(highs)} if highs else {})}


class Gap(NamedTuple):
    """Unknown time; to_ms None: it goes on. `end_ms`: where its end is marked, which at the end of a spell is
    just before, so that the next one's begin has its own instant."""

    from_ms: int
    to_ms: int | None
    end_ms: int | None


def gaps(spell: Spell, limit_ms: int, times: Sequence[int | None], clock_ms: int) -> Iterator[Gap]:
    """The gaps of a spell between neighbours among `times` (ms, ascending), up to the log's clock.

    A None in front stands for the begin of the spell, a None at the end for its end, or for now.
    """
    end_ms = spell.to_ms
    for before, after in pairwise(times):
        from_ms = spell.from_ms if before is None else before + spell.interval_ms
        since_ms = spell.from_ms if before is None else before
        to_ms = after if after is not None else end_ms
        until_ms = clock_ms if to_ms is None else min(to_ms, clock_ms) if after is None else to_ms
        if until_ms - since_ms > limit_ms:
            over = to_ms is not None and (after is not None or to_ms <= clock_ms)
            if not over or to_ms is None:
                yield Gap(from_ms, None, None)
            else:
                yield Gap(from_ms, to_ms, to_ms - 1 if to_ms == end_ms else to_ms)

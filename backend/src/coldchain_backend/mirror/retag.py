"""What a change of the fleet touches in InfluxDB: times whose tags, limits or gaps are others now. Pure."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from coldchain.gaps import gap_limit_ms
from coldchain.spans import Span
from coldchain_backend.fleet import Fleet
from coldchain_backend.mirror.points import named
from coldchain_backend.mirror.standing import (
    Limits,
    judged_spells,
    limits,
    placements,
    stands,
    zone_ids,
)

EVER_MS: Final = 1 << 60
Piece = tuple[int, int | None, Hashable]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retag:
    """Spans [from_ms, to_ms) to be deleted and written again.

    readings, gaps   by sensor
    limits           by zone
    compliance       by point
    points           whose excursions and alerts have other tags now
    """

    readings: dict[str, list[Span]] = field(default_factory=dict)
    gaps: dict[str, list[Span]] = field(default_factory=dict)
    limits: dict[str, list[Span]] = field(default_factory=dict)
    compliance: dict[str, list[Span]] = field(default_factory=dict)
    points: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.readings or self.gaps or self.limits or self.compliance or self.points)


def changed(old: Iterable[Piece], new: Iterable[Piece]) -> list[Span]:
    """The times in which two courses of pieces say different things, joined where they touch."""
    before, after = list(old), list(new)
    if before == after:
        return []
    ends = [EVER_MS if to_ms is None else to_ms for _, to_ms, _ in [*before, *after]]
    edges = sorted({*(from_ms for from_ms, _, _ in [*before, *after]), *ends})
    found: list[Span] = []
    for from_ms, to_ms in pairwise(edges):
        if _said(before, from_ms) != _said(after, from_ms):
            found.append((from_ms, to_ms))
    return merged(found)


def _said(pieces: Sequence[Piece], at_ms: int) -> list[Hashable]:
    return [key for from_ms, to_ms, key in pieces if from_ms <= at_ms and (to_ms is None or at_ms < to_ms)]


def retag(old: Fleet, new: Fleet) -> Retag:
    """What differs between two states of a fleet."""
    readings, gaps, compliance = {}, {}, dict[str, list[Span]]()
    sensors = {
        point.sensor
        for fleet in (old, new)
        for version in fleet.versions
        for _, zone in version.plan.zones()
        for point in zone.points
        if point.sensor is not None
    }
    for sensor in sorted(sensors):
        moved = changed(_stood(old, sensor), _stood(new, sensor))
        judged = changed(_judged(old, sensor), _judged(new, sensor))
        if moved:
            readings[sensor] = moved
        if judged or moved:
            gaps[sensor] = merged([*judged, *moved])
        for point in _points(old, sensor) | _points(new, sensor):
            if gaps.get(sensor):
                compliance.setdefault(point, []).extend(gaps[sensor])
    known = {place.point.id for fleet in (old, new) for v in fleet.versions for place in v.plan.places()}
    was, now = placements(old, known), placements(new, known)
    moved_points = frozenset(point for point in known if was[point] and was[point] != now[point])
    zones = dict.fromkeys([*zone_ids(old), *zone_ids(new)])
    differing = {zone: changed(_limited(old, zone), _limited(new, zone)) for zone in zones}
    return Retag(
        readings=readings,
        gaps=gaps,
        limits={zone: spans for zone, spans in differing.items() if spans},
        compliance={point: merged(spans) for point, spans in compliance.items()},
        points=moved_points,
    )


def _stood(fleet: Fleet, sensor: str) -> list[Piece]:
    return [(one.from_ms, one.to_ms, one[2:]) for one in stands(fleet, sensor)]


def _judged(fleet: Fleet, sensor: str) -> list[Piece]:
    return [
        (
            spell.from_ms,
            spell.to_ms,
            (
                spell.from_ms,
                spell.place.asset.id,
                spell.place.zone.id,
                spell.place.point.id,
                quantity,
                named(spell.profile),
                gap_limit_ms(spell.profile, spell.interval_ms),
                spell.interval_ms,
            ),
        )
        for spell, quantity in judged_spells(fleet, sensor)
    ]


def _points(fleet: Fleet, sensor: str) -> set[str]:
    return {spell.place.point.id for spell in fleet.spells(sensor)}


def _limited(fleet: Fleet, zone: str) -> list[Piece]:
    return [(one.from_ms, one.to_ms, _key(one)) for one in limits(fleet, zone)]


def _key(one: Limits) -> Hashable:
    return tuple(sorted(one.tags.items())), tuple(sorted(one.fields.items(), key=lambda pair: pair[0]))


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans joined where they touch or overlap, by time."""
    joined: list[Span] = []
    for from_ms, to_ms in sorted(spans):
        if joined and from_ms <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], to_ms)
        else:
            joined.append((from_ms, to_ms))
    return joined

"""What was changed, said and done about a zone in a time: fleet versions, zone states, alerts."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from coldchain_backend.alerts import Alert
from coldchain_backend.fleet import Fleet, FleetVersion, Stretch
from coldchain_backend.fleetfile import compare
from coldchain_backend.judging import AlertFilter, AlertStory, Answers, StoredExcursion

MANY = 1_000
"""So many are asked for at once."""

Row = dict[str, object]
Item = TypeVar("Item")


def changes(fleet: Fleet, zones: Sequence[str], from_ms: int, to_ms: int) -> list[Row]:
    """Fleet versions applied in a time, and the one in force at its beginning, as far as they touch zones."""
    names = _names(fleet, zones)
    found = [_first(fleet.at(from_ms))]
    for before, after in pairwise(fleet.versions):
        if from_ms < after.from_ms < to_ms:
            entries = [entry for entry in compare(before.plan, after.plan).entries if entry.id in names]
            if entries:
                what = [" ".join((one.kind.value, one.what, one.id, *one.details)) for one in entries]
                found.append({**_first(after), "changes": what})
    return found


def states(fleet: Fleet, zones: Sequence[str], from_ms: int, to_ms: int) -> Iterator[Row]:
    """In which state each zone was, and who said so."""
    for zone in zones:
        for one in fleet.states(zone):
            if one.from_ms < to_ms and (one.to_ms is None or one.to_ms > from_ms):
                yield _state(zone, one)


def excursions(
    answers: Answers, points: Sequence[str], from_ms: int, to_ms: int, *, many: int = MANY
) -> list[StoredExcursion]:
    """All excursions of a time, oldest first, in their newest revision."""

    def page(after: str | None) -> Sequence[StoredExcursion]:
        return answers.excursions(points, from_ms, to_ms, after=after, limit=many)

    return list(_every(page, lambda one: one.id, many))[::-1]


def stories(
    answers: Answers, points: Sequence[str], from_ms: int, to_ms: int, *, many: int = MANY
) -> Iterator[AlertStory]:
    """All alerts about points in a time, with steps, deliveries and acknowledgement; oldest first."""

    def page(after: str | None) -> Sequence[Alert]:
        return answers.alerts(AlertFilter(), after=after, limit=many)

    def wanted(alert: Alert) -> bool:
        cause = alert.cause
        return cause.subject.point in points and cause.opened_ms < to_ms and cause.known_ms >= from_ms

    for name in [alert.id for alert in _every(page, lambda one: one.id, many) if wanted(alert)][::-1]:
        story = answers.alert(name)
        if story is not None:
            yield story


def _every(
    page: Callable[[str | None], Sequence[Item]], name: Callable[[Item], str], many: int
) -> Iterator[Item]:
    """Everything, page after page."""
    found = page(None)
    yield from found
    while len(found) == many:
        found = page(name(found[-1]))
        yield from found


def story_row(story: AlertStory) -> Row:
    """An alert as plain values."""
    alert = story.alert
    seen = alert.acknowledged
    return {
        "id": alert.id,
        "point": alert.cause.subject.point,
        "kind": alert.cause.kind.value,
        "rule": alert.cause.rule,
        "state": alert.state.value,
        "level": alert.level.value,
        "revision": alert.revision,
        "acknowledged": None if seen is None else {"by": seen.by, "at_ms": seen.at_ms, "reason": seen.reason},
        "steps": [
            {"kind": step.kind.value, "at_ms": step.at_ms, "event_ms": step.event_ms, "by": step.by}
            for step in story.steps
        ],
        "told": [
            {"receiver": one.receiver, "state": one.state, "delivered_ms": one.delivered_ms}
            for one in story.deliveries
        ],
    }


def excursion_story(answers: Answers, stored: StoredExcursion) -> Row:
    """An excursion with every earlier revision."""
    earlier = [excursion_row(one) for one in answers.history(stored.id)]
    return {**excursion_row(stored), "revisions": earlier}


def excursion_row(stored: StoredExcursion) -> Row:
    """An excursion as plain values."""
    one = stored.excursion
    return {
        "id": stored.id,
        "revision": stored.revision,
        "point": stored.point,
        "rule": one.rule,
        "level": None if one.level is None else one.level.value,
        "opened_ms": one.opened_ms,
        "closed_ms": one.closed_ms,
        "alarm_ms": one.alarm_ms,
        "peak": one.peak,
        "peak_ms": one.peak_ms,
        "out_ms": one.out_ms,
        "data_gap": one.data_gap,
        "incomplete": stored.incomplete,
    }


def _names(fleet: Fleet, zones: Sequence[str]) -> set[str]:
    """Ids of the zones and of everything in, around and behind them, in any version."""
    found = set(zones)
    for version in fleet.versions:
        for asset, zone in version.plan.zones():
            if zone.id in zones:
                found |= {asset.id, zone.profile, *(point.id for point in zone.points)}
                found |= {point.sensor for point in zone.points if point.sensor is not None}
    return found


def _first(version: FleetVersion) -> Row:
    return {
        "version": version.number,
        "from_ms": version.from_ms,
        "by": version.by,
        "reason": version.reason,
        "digest": version.digest,
        "changes": [],
    }


def _state(zone: str, one: Stretch) -> Row:
    return {
        "zone": zone,
        "state": one.state.value,
        "from_ms": one.from_ms,
        "to_ms": one.to_ms,
        "source": one.entry.source.value,
        "by": one.entry.by,
        "reason": one.entry.reason,
    }

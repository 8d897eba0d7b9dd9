"""Old plan against new plan: what is added, removed and changed, and what that does to the watch."""

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields, is_dataclass
from enum import Enum, StrEnum

from coldchain.words import Text
from coldchain_backend.fleet import Plan, Route
from coldchain_backend.fleetfile.loosened import loosened
from coldchain_backend.fleetfile.recipients import recipients_changed
from coldchain_runtime.documents import duration_text


class Kind(StrEnum):
    """What happens to an entry."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry that differs; `details` says how, one line per key."""

    kind: Kind
    what: str
    id: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """An alert that is on, as far as a change of the fleet could end it."""

    id: str
    point: str | None
    rule: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What applying a plan would do.

    losing      points that are judged now and would not be any more
    looser      what would be watched less strictly
    ending      ids of alerts that would end
    clashes     profiles whose limits differ under an unchanged version; such a plan is refused
    recipients  whose alarms and warnings would be told to other receivers, or at other times
    """

    entries: tuple[Entry, ...]
    losing: tuple[str, ...]
    looser: tuple[str, ...]
    ending: tuple[str, ...]
    clashes: tuple[str, ...]
    recipients: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether both plans say the same."""
        return not self.entries

    @property
    def removes(self) -> bool:
        """Whether something is taken away."""
        return bool(self.losing) or any(entry.kind is Kind.REMOVED for entry in self.entries)


def compare(old: Plan, new: Plan, alerts: tuple[OpenAlert, ...] = ()) -> Difference:
    """Tell the difference between two plans of one organisation, and what it does to alerts that are on."""
    return Difference(
        entries=tuple(_entries(old, new)),
        losing=tuple(_losing(old, new)),
        looser=tuple(loosened(old, new)),
        ending=tuple(alert.id for alert in alerts if _ends(new, alert)),
        clashes=tuple(_clashes(old, new)),
        recipients=tuple(recipients_changed(old, new)),
    )


def _things(plan: Plan) -> Iterator[tuple[tuple[str, str], object]]:
    """Every entry of a plan by (what, id); what is inside another entry is listed by itself."""
    yield ("organisation", plan.organisation), plan.organisation
    yield ("setting", "system_receiver"), plan.system_receiver or "none"
    yield ("setting", "checkpoint_receivers"), ", ".join(plan.checkpoint_receivers) or "none"
    yield ("setting", "unsealed.allowed"), plan.unsealed_allowed
    yield from ((("receiver", one.name), one) for one in plan.receivers)
    yield from ((("schedule", one.name), one) for one in plan.schedules)
    yield from ((("escalation", one.name), one) for one in plan.escalations)
    yield from ((("route", one.name), one) for one in (*plan.routes, *_default(plan)))
    yield ("setting", "order of routes"), ", ".join(one.name for one in plan.routes) or "none"
    yield from ((("profile", one.name), one) for one in plan.profiles)
    yield from ((("asset", one.id), one) for one in plan.assets)
    yield from ((("zone", zone.id), zone) for _, zone in plan.zones())
    yield from ((("point", place.point.id), place.point) for place in plan.places())
    yield from ((("sensor", one.id), one) for one in plan.sensors)
    yield from ((("gateway", one.name), one) for one in plan.gateways)
    yield from ((("mapping", one.measurement), one) for one in plan.mapping)


def _default(plan: Plan) -> tuple[Route, ...]:
    return () if plan.default_route is None else (plan.default_route,)


def _entries(old: Plan, new: Plan) -> Iterator[Entry]:
    before, after = dict(_things(old)), dict(_things(new))
    for (what, name), thing in after.items():
        if (what, name) not in before:
            yield Entry(kind=Kind.ADDED, what=what, id=name)
        elif details := tuple(_details(before[what, name], thing)):
            yield Entry(kind=Kind.CHANGED, what=what, id=name, details=details)
    for what, name in before:
        if (what, name) not in after:
            yield Entry(kind=Kind.REMOVED, what=what, id=name)
    yield from _moved(old, new)


def _moved(old: Plan, new: Plan) -> Iterator[Entry]:
    """Points that stand in another zone, zones that belong to another asset."""
    for place in old.places():
        kept = new.place_of_point(place.point.id)
        if kept is not None and kept.zone.id != place.zone.id:
            detail = f"zone: {place.zone.id} → {kept.zone.id}"
            yield Entry(kind=Kind.CHANGED, what="point", id=place.point.id, details=(detail,))
    owners = {zone.id: asset.id for asset, zone in new.zones()}
    for asset, zone in old.zones():
        if owners.get(zone.id, asset.id) != asset.id:
            detail = f"asset: {asset.id} → {owners[zone.id]}"
            yield Entry(kind=Kind.CHANGED, what="zone", id=zone.id, details=(detail,))


_LISTED_BY_THEMSELVES = frozenset({"zones", "points"})


def _details(old: object, new: object) -> Iterator[str]:
    if not is_dataclass(old) or isinstance(old, type):
        if old != new:
            yield f"{_shown(old)} → {_shown(new)}"
        return
    for one in fields(old):
        if one.name in _LISTED_BY_THEMSELVES:
            continue
        before, after = getattr(old, one.name), getattr(new, one.name)
        if before != after:
            yield _change(one.name, before, after)


def _change(name: str, before: object, after: object) -> str:
    if name.endswith("_ms") and isinstance(before, int) and isinstance(after, int):
        return f"{name.removesuffix('_ms')}: {duration_text(before)} → {duration_text(after)}"
    return f"{name}: {_shown(before)} → {_shown(after)}"


def _shown(value: object) -> str:
    if value is None or isinstance(value, Enum):
        return "none" if value is None else str(value.value)
    if isinstance(value, Text):
        return " / ".join(part for part in (value.en, value.zh) if part)
    if isinstance(value, tuple):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_shown(item)}" for key, item in value.items()) + "}"
    if is_dataclass(value) and not isinstance(value, type):
        said = ((one.name, getattr(value, one.name)) for one in fields(value) if _written(one, value))
        parts = (f"{name} {_shown(held)}" for name, held in said)
        return "(" + ", ".join(parts) + ")"
    return str(value)


def _written(one: "Field[object]", value: object) -> bool:
    """Whether a field has to be said; what stands at its default is left out, as in the file."""
    return one.init and getattr(value, one.name) != one.default


def _judged(plan: Plan) -> set[str]:
    """Points that are judged: in a zone in use, with a sensor."""
    return {place.point.id for place in plan.places() if place.in_use and place.point.sensor is not None}


def _losing(old: Plan, new: Plan) -> Iterator[str]:
    still = _judged(new)
    return (place.point.id for place in old.places() if place.point.id in _judged(old) - still)


def _ends(new: Plan, alert: OpenAlert) -> bool:
    if alert.point is None:
        return False
    place = new.place_of_point(alert.point)
    if place is None or not place.in_use or place.point.sensor is None:
        return True
    profile = new.profile(place.zone.profile)
    return (
        alert.rule is not None
        and profile is not None
        and all(rule.name != alert.rule for rule in profile.rules)
    )


def _clashes(old: Plan, new: Plan) -> Iterator[str]:
    for profile in new.profiles:
        before = old.profile(profile.name)
        if before is not None and before.rules != profile.rules and before.version >= profile.version:
            yield (
                f"profile {profile.name}: other limits under version {profile.version};"
                f" raise its version to {before.version + 1}"
            )

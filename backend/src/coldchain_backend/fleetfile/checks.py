"""What must hold between the entries of a fleet file: unique ids, known references, provable limits."""

from collections.abc import Iterator, Mapping, Sequence

from coldchain.builtin_profiles import BUILTIN
from coldchain.profiles import Profile
from coldchain.quantities import QUANTITIES
from coldchain.words import Text
from coldchain_backend.fleetfile.document import FleetDocument, ZoneEntry
from coldchain_backend.fleetfile.profiles import ProfileEntry
from coldchain_backend.fleetfile.references import Problem, known, places, twice
from coldchain_backend.fleetfile.route_checks import route_problems
from coldchain_runtime.documents import Place, duration_text


def problems(document: FleetDocument) -> Iterator[Problem]:
    """Everything that is wrong between the entries of a document, each with the place of its key."""
    yield from _names(document)
    yield from _unique(document)
    yield from _references(document)
    yield from _sensors(document)
    yield from profile_problems(document.profiles)
    yield from _mapping(document)
    yield from route_problems(document, known_profiles(document))
    yield from _alerting(document)


def known_profiles(document: FleetDocument) -> Mapping[str, Profile]:
    """Profiles by name: the file's own go before the built-in ones."""
    return {**BUILTIN, **{entry.name: entry.profile() for entry in document.profiles}}


def zones_of(document: FleetDocument) -> Iterator[tuple[Place, ZoneEntry]]:
    """Every zone with the place where it stands in the file."""
    for a, asset in enumerate(document.assets):
        for z, zone in enumerate(asset.zones):
            yield ("assets", a, "zones", z), zone


def _names(document: FleetDocument) -> Iterator[Problem]:
    named: list[tuple[Place, Text]] = [
        (("assets", index, "name"), asset.name) for index, asset in enumerate(document.assets)
    ]
    named += [(("profiles", index, "title"), entry.title) for index, entry in enumerate(document.profiles)]
    for place, zone in zones_of(document):
        named.append(((*place, "name"), zone.name))
        named += [((*place, "points", p, "name"), point.name) for p, point in enumerate(zone.points)]
    yield from ((place, "needs a text in `en` or `zh`") for place, text in named if not (text.en or text.zh))


def _unique(document: FleetDocument) -> Iterator[Problem]:
    zones = list(zones_of(document))
    points = [
        ((*place, "points", index, "id"), point.id)
        for place, zone in zones
        for index, point in enumerate(zone.points)
    ]
    keys = [(("gateways", i, "key"), one.key) for i, one in enumerate(document.gateways) if one.key]
    yield from twice("asset", places("assets", "id", [one.id for one in document.assets]))
    yield from twice("zone", [((*place, "id"), zone.id) for place, zone in zones])
    yield from twice("point", points)
    yield from twice("sensor", places("sensors", "id", [one.id for one in document.sensors]))
    yield from twice("gateway", places("gateways", "name", [one.name for one in document.gateways]))
    yield from twice("key", keys)
    yield from twice("receiver", places("receivers", "name", [one.name for one in document.receivers]))


def _references(document: FleetDocument) -> Iterator[Problem]:
    profiles = known_profiles(document)
    assets = [asset.id for asset in document.assets]
    receivers = [receiver.name for receiver in document.receivers]
    for place, zone in zones_of(document):
        yield from known((*place, "profile"), "profile", zone.profile, profiles)
    for index, gateway in enumerate(document.gateways):
        if gateway.asset is not None:
            yield from known(("gateways", index, "asset"), "asset", gateway.asset, assets)
    if document.system_receiver is not None:
        yield from known(("system_receiver",), "receiver", document.system_receiver, receivers)
    for index, receiver in enumerate(document.receivers):
        if receiver.fallback is not None:
            at = ("receivers", index, "fallback")
            yield from known(at, "receiver", receiver.fallback, receivers)
            if receiver.fallback == receiver.name:
                yield at, "a receiver cannot stand in for itself"
    for index, name in enumerate(document.checkpoint_receivers):
        yield from known(("checkpoint_receivers", index), "receiver", name, receivers)
    yield from _listening(document)


def _listening(document: FleetDocument) -> Iterator[Problem]:
    """Sensors that tell of a door, of the supply, or of the use of a zone."""
    declared = [sensor.id for sensor in document.sensors]
    for place, zone in zones_of(document):
        for index, door in enumerate(zone.doors):
            yield from known((*place, "doors", index), "sensor", door, declared)
        if zone.in_use_when is not None:
            at = (*place, "in_use_when", "sensor")
            yield from known(at, "sensor", zone.in_use_when.sensor, declared)
    for a, asset in enumerate(document.assets):
        for index, mains in enumerate(asset.mains):
            yield from known(("assets", a, "mains", index), "sensor", mains, declared)


def _sensors(document: FleetDocument) -> Iterator[Problem]:
    declared = {sensor.id: sensor for sensor in document.sensors}
    profiles = known_profiles(document)
    stands_at: dict[str, str] = {}
    for place, zone in zones_of(document):
        for index, point in enumerate(zone.points):
            if point.sensor is None:
                continue
            at = (*place, "points", index, "sensor")
            yield from known(at, "sensor", point.sensor, declared)
            if point.sensor in stands_at:
                yield at, f"sensor `{point.sensor}` stands already at point `{stands_at[point.sensor]}`"
            stands_at.setdefault(point.sensor, point.id)
            if point.sensor in declared and zone.profile in profiles:
                yield from _provable(at, profiles[zone.profile], declared[point.sensor].interval)


def _provable(place: Place, profile: Profile, interval_ms: int) -> Iterator[Problem]:
    """A sensor that speaks less often than the shortest alarm delay cannot see such an excursion."""
    delays = [rule.alarm_after_ms for rule in profile.rules if rule.alarm_after_ms]
    shortest = min(delays, default=None)
    if shortest is not None and interval_ms > shortest:
        spoken, needed = duration_text(interval_ms), duration_text(shortest)
        yield (
            place,
            f"its sensor speaks every {spoken}, too seldom to prove `{profile.name}`: {needed} at most",
        )


def profile_problems(entries: Sequence[ProfileEntry]) -> Iterator[Problem]:
    """Limits that contradict each other, and names that are not unique."""
    yield from twice("profile", places("profiles", "name", [entry.name for entry in entries]))
    for index, entry in enumerate(entries):
        for quantity in {rule.quantity for rule in entry.rules}:
            low, high = entry.profile().limits(quantity)
            if low is not None and high is not None and low >= high:
                yield (
                    ("profiles", index, "rules"),
                    f"limits contradict each other: no {quantity} is above {low:g} and below {high:g}",
                )


def _mapping(document: FleetDocument) -> Iterator[Problem]:
    names = [entry.measurement for entry in document.mapping]
    yield from twice("measurement", places("mapping", "measurement", names))
    for index, entry in enumerate(document.mapping):
        if entry.measurement == "reading":
            yield ("mapping", index, "measurement"), "`reading` is taken as it is and needs no mapping"
        if not entry.fields:
            yield ("mapping", index, "fields"), "needs at least one field"
        for field, ours in entry.fields.items():
            yield from known(("mapping", index, "fields", field), "field", ours, QUANTITIES)


def _alerting(document: FleetDocument) -> Iterator[Problem]:
    """What latches, and what has an instruction, must be known."""
    profiles = known_profiles(document)
    rules = {f"{name}/{rule.name}" for name, one in profiles.items() for rule in one.rules}
    for index, name in enumerate(document.alerting.latch):
        if name not in profiles and name not in rules:
            yield ("alerting", "latch", index), f"{name!r} is no profile and no rule of one"
    for name, text in document.alerting.instructions.items():
        if name not in profiles:
            yield ("alerting", "instructions", name), f"{name!r} is no profile"
        elif not (text.en or text.zh):
            yield ("alerting", "instructions", name), "needs a text in `en` or `zh`"

"""What must hold between routes, escalations, schedules and the rest of a fleet file."""

from collections.abc import Iterable, Iterator, Sequence

from coldchain_backend.fleetfile.document import FleetDocument
from coldchain_backend.fleetfile.references import Problem, known, places, twice
from coldchain_backend.fleetfile.route_entries import OnCallEntry
from coldchain_runtime.documents import Place


def route_problems(document: FleetDocument, profiles: Iterable[str]) -> Iterator[Problem]:
    """Names that stand twice, and references to what is not in the file."""
    yield from twice("schedule", places("schedules", "name", [one.name for one in document.schedules]))
    yield from twice("escalation", places("escalations", "name", [one.name for one in document.escalations]))
    yield from twice("route", places("routes", "name", [one.name for one in document.routes]))
    names = _Names(document, profiles)
    for e, escalation in enumerate(document.escalations):
        for s, step in enumerate(escalation.steps):
            yield from names.called(("escalations", e, "steps", s), step.notify, step.on_call)
    for r, route in enumerate(document.routes):
        at: Place = ("routes", r)
        yield from names.called(at, route.notify, route.on_call)
        yield from names.escalated(at, route.escalation)
        for key in ("assets", "zones", "profiles"):
            yield from names.matched((*at, "match", key), key, getattr(route.match, key))
    if document.default_route is not None:
        yield from names.called(
            ("default_route",), document.default_route.notify, document.default_route.on_call
        )
        yield from names.escalated(("default_route",), document.default_route.escalation)


class _Names:
    """What a file declares, to look references up in."""

    def __init__(self, document: FleetDocument, profiles: Iterable[str]) -> None:
        self._receivers = [one.name for one in document.receivers]
        self._schedules = [one.name for one in document.schedules]
        self._escalations = [one.name for one in document.escalations]
        self._matched = {
            "assets": [one.id for one in document.assets],
            "zones": [zone.id for asset in document.assets for zone in asset.zones],
            "profiles": list(profiles),
        }

    def called(self, at: Place, notify: Sequence[str], on_call: Sequence[OnCallEntry]) -> Iterator[Problem]:
        """Receivers and schedules of a route or step."""
        for index, name in enumerate(notify):
            yield from known((*at, "notify", index), "receiver", name, self._receivers)
        for o, entry in enumerate(on_call):
            yield from known((*at, "on_call", o, "schedule"), "schedule", entry.schedule, self._schedules)
            for index, name in enumerate(entry.notify):
                yield from known((*at, "on_call", o, "notify", index), "receiver", name, self._receivers)

    def escalated(self, at: Place, name: str | None) -> Iterator[Problem]:
        """The escalation of a route."""
        if name is not None:
            yield from known((*at, "escalation"), "escalation", name, self._escalations)

    def matched(self, at: Place, key: str, names: Sequence[str]) -> Iterator[Problem]:
        """What a route is for."""
        for index, name in enumerate(names):
            yield from known((*at, index), key.removesuffix("s"), name, self._matched[key])

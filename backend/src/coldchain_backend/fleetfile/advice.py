"""What a fleet file may say and should not: hours in which nobody is on call, routes that match nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coldchain_backend.alerts.reach import gaps, idle_routes, said_times, week_begin
from coldchain_backend.fleet import Plan
from coldchain_backend.fleetfile.references import Problem
from coldchain_runtime.documents import Place, key_text, yaml_line_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A warning about a file, with the line and key that it is about."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


def advice(plan: Plan, now_ms: int) -> Iterator[Problem]:
    """All that should be looked at, each with the place of its key; hours are those of the present week."""
    if not plan.receivers and any(True for _ in plan.zones()):
        yield ("receivers",), "nobody is told of alarms: the fleet has no receiver"
        return
    for index, why in idle_routes(plan):
        yield ("routes", index, "name"), f"route `{plan.routes[index].name}` takes nothing: {why}"
    where = _places(plan)
    zones = {asset.id: asset.time_zone for asset in plan.assets}
    begin_ms = week_begin(next(iter(zones.values()), "UTC"), now_ms)
    for gap in gaps(plan, begin_ms):
        when = said_times(gap.times, zones[gap.asset])
        instead = f"{', '.join(gap.instead)} are told instead" if gap.instead else "nobody is told"
        yield where[gap.zone], f"nobody is on call for alarms of zone `{gap.zone}` {when}; {instead}"


def advice_on_file(path: Path, plan: Plan, now_ms: int) -> tuple[Advice, ...]:
    """The advice about a file that was read and is right, with its lines."""
    line_of = yaml_line_of(path)
    return tuple(
        Advice(file=str(path), line=line_of(place), key=key_text(place), message=message)
        for place, message in advice(plan, now_ms)
    )


def _places(plan: Plan) -> dict[str, Place]:
    return {
        zone.id: ("assets", a, "zones", z, "id")
        for a, asset in enumerate(plan.assets)
        for z, zone in enumerate(asset.zones)
    }

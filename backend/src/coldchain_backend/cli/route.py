"""`route explain`: to whom an alert would go at a time, and why."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import typer

from coldchain.errors import InvalidInput
from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind
from coldchain_backend.cli.context import Document, context_of
from coldchain_backend.cli.times import time_of
from coldchain_backend.fleet import Plan
from coldchain_backend.fleetfile import parse_file
from coldchain_backend.web.api.explained import explained, matter_at
from coldchain_runtime.clock import SystemClock

app = typer.Typer(help="Who is told of what.", no_args_is_help=True)

EXAMPLES: Final = """\b
Examples:
  coldchain-backend route explain cq-store.vaccine
  coldchain-backend route explain cq-store.vaccine --at 2026-11-28T03:00+08:00 --level warning
  coldchain-backend route explain --asset truck-1 --kind gateway_offline
  coldchain-backend route explain --kind system
  coldchain-backend route explain cq-store.vaccine --fleet changed.yaml --json
"""
REASONS: Final = {
    "route": "by its routes",
    "default_route": "no route matches: the default route",
    "nobody_on_call": "a route matches, but nobody of it is on call",
    "everybody": "no route matches: everybody",
    "system_receiver": "the system receiver",
    "page_only": "a warning that no route names: shown on the page, told to nobody",
    "no_receiver": "the fleet has no receiver: NOBODY is told",
}
WHY_NOT: Final = {
    "class": "is for another class of alerts",
    "level": "is for another level",
    "kind": "is for other kinds of alerts",
    "asset": "is for other assets",
    "zone": "is for other zones",
    "asset_kind": "is for other kinds of assets",
    "profile": "is for other profiles",
    "earlier": "a route before it takes it",
}


@app.command("explain", epilog=EXAMPLES)
def explain(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    zone: Annotated[
        str | None, typer.Argument(help="the zone; none: an asset, or the product itself")
    ] = None,
    *,
    asset: Annotated[str | None, typer.Option(help="the asset as a whole")] = None,
    level: Annotated[Level, typer.Option(help="how loud")] = Level.ALARM,
    kind: Annotated[AlertKind, typer.Option(help="what it is about")] = AlertKind.EXCURSION,
    at: Annotated[
        str | None, typer.Option(help="ISO 8601, e.g. 2026-11-28T03:00+08:00; now if left out")
    ] = None,
    fleet: Annotated[Path | None, typer.Option(help="a fleet file, in place of the running server's")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Say to whom an alert would go, which route decides, why others do not, and what follows.

    Asks the running server, or reads a fleet file (people are then not known). Exit status 1 where nobody
    would be told of an alarm.
    """
    at_time = None if at is None else time_of(at, "--at")
    if fleet is not None:
        found = _of_file(parse_file(fleet), kind, level, (zone, asset), at_time)
    else:
        asked = {"zone": zone, "asset": asset, "kind": kind.value, "level": level.value}
        asked["at"] = None if at_time is None else at_time.isoformat()
        query = urlencode({key: value for key, value in asked.items() if value is not None})
        found = context_of(context).ask("GET", f"/api/v1/routes/explain?{query}")
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else "\n".join(described(found)))
    if found["reason"] == "no_receiver":
        raise typer.Exit(1)


@app.command("audit")
def audited(
    context: typer.Context,
    *,
    every: Annotated[bool, typer.Option("--all", help="alerts that were told, too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Say of every alert that goes on to whom it was told, or why to nobody; 1 where that is unexplained."""
    found = context_of(context).ask("GET", "/api/v1/alerts/audit")
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for one in _items(found, "items"):
            if every or one["stated"] not in {"told", "in_digest"}:
                names = ", ".join(_texts(one, "receivers"))
                typer.echo(f"{one['alert']}  {one['stated']}" + (f"  {names}" if names else ""))
        typer.echo(f"{found['open']} alerts go on, {found['violations']} unexplained")
    raise typer.Exit(1 if found["violations"] else 0)


def _of_file(
    plan: Plan, kind: AlertKind, level: Level, place: tuple[str | None, str | None], at: datetime | None
) -> Document:
    matter = matter_at(plan, kind, level, *place)
    if matter is None:
        raise InvalidInput(f"no {'zone' if place[0] is not None else 'asset'} {place[0] or place[1]}")
    at_ms = SystemClock().now_ms() if at is None else int(at.timestamp() * 1000)
    made: Document = explained(plan, matter, at_ms, lambda _: ()).model_dump(mode="json", by_alias=True)
    return made


def described(found: Document) -> list[str]:
    """An explanation in lines. Times are of the zone of its first schedule, UTC where there is none."""
    schedules = _items(found, "schedules")
    clock = _Clock(str(schedules[0]["time_zone"]) if schedules else "UTC")
    place = found["zone"] or found["asset"] or "the product"
    routes = ", ".join(_texts(found, "routes"))
    names = [str(one["name"]) for one in _items(found, "receivers")]
    lines = [
        f"{place}: {found['kind']}, {found['level']}, at {clock.said(found['at'])}",
        f"told: {', '.join(names) or 'nobody'}",
        f"why:  {REASONS[str(found['reason'])]}{f' ({routes})' if routes else ''}",
    ]  # fmt: skip
    lines += [f"  {_receiver(one)}" for one in _items(found, "receivers")]
    lines += _considered(_items(found, "considered"))
    for one in schedules:
        lines.append(f"schedule {one['name']} ({one['time_zone']}): {'on' if one['on'] else 'off'}")
    if found["until"] is not None:
        lines.append(f"until {clock.said(found['until'])}: then somebody else may be on call")
    if steps := _items(found, "escalation"):
        lines.append("while nobody acknowledges:")
        lines += [
            f"  {clock.said(one['at'])}  step {one['number']}  {', '.join(_texts(one, 'receivers'))}"
            for one in steps
        ]
    if found["acknowledged_for_minutes"] is not None:
        lines.append(f"an acknowledgement holds for {found['acknowledged_for_minutes']:g} min")
    return lines


def _considered(considered: list[Document]) -> list[str]:
    lines = ["routes:"] if considered else []
    for one in considered:
        if one["passed_by"] is not None:
            said = f"- {one['route']}: {WHY_NOT[str(one['passed_by'])]}"
        else:
            said = f"+ {one['route']}: {', '.join(_texts(one, 'on_call')) or 'matches, nobody is on call'}"
        lines.append(f"  {said}")
    return lines


def _receiver(one: Document) -> str:
    persons = [
        f"{person['id']} ({_name(person)})" + ("" if person["reachable"] else ", disabled")
        for person in _items(one, "persons")
    ]
    fallback = f", fallback {one['fallback']}" if one["fallback"] else ""
    return f"{one['name']}: {one['channel']}, {one['language']}{fallback}" + (
        f"; {', '.join(persons)}" if persons else ""
    )


def _name(person: Document) -> str:
    names = person["name"]
    return f"{names['en']} {names['zh']}".strip() if isinstance(names, dict) else ""


class _Clock:
    """Says instants of a document by the clock of a zone."""

    def __init__(self, time_zone: str) -> None:
        self._zone = ZoneInfo(time_zone)

    def said(self, at: object) -> str:
        return datetime.fromisoformat(str(at)).astimezone(self._zone).strftime("%a %Y-%m-%d %H:%M %Z")


def _items(document: Document, key: str) -> list[Document]:
    found = document.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _texts(document: Document, key: str) -> list[str]:
    found = document.get(key)
    return [str(one) for one in found] if isinstance(found, list) else []

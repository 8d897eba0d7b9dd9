"""`muted list|window|out-of-service|end`: when nobody is called although something is recorded as ever."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import typer

from coldchain_backend.cli.context import context_of
from coldchain_backend.cli.times import time_of
from coldchain_backend.fleetfile.keys import time_zone as checked_time_zone
from coldchain_backend.fleetfile.zone_entries import scheduled_time

app = typer.Typer(
    help="Windows, and times out of service: nobody is called, everything is recorded.", no_args_is_help=True
)

LIST: Final = """\b
Examples:
  coldchain-backend muted list
  coldchain-backend muted list --json
"""
WINDOW: Final = """\b
Examples:
  coldchain-backend muted window --zone cq-store.dock --to 2026-11-28T18:00+08:00 --reason "dock is rebuilt"
  coldchain-backend muted window --asset cq-store --times "mon-fri 22:00-05:30" --time-zone Asia/Shanghai \\
      --reason "defrost at night"
"""
SERVICE: Final = """\b
Examples:
  coldchain-backend muted out-of-service --sensor front --work calibration --reason "at the laboratory"
  coldchain-backend muted out-of-service --zone cq-store.freezer --work maintenance \\
      --to 2026-11-30T12:00 --time-zone Asia/Shanghai --reason "new evaporator"
"""
END: Final = """\b
Examples:
  coldchain-backend muted end mu_0123456789abcdef0123 --reason "the work is done"
"""
_PATHS: Final = {"window": ("windows", "end"), "out_of_service": ("out-of-service", "return")}

Asset = Annotated[str | None, typer.Option(help="alerts of this asset")]
ZoneId = Annotated[str | None, typer.Option("--zone", help="alerts of this zone")]
Sensor = Annotated[str | None, typer.Option(help="alerts of this sensor")]
From = Annotated[str | None, typer.Option("--from", help="ISO 8601, by the clock of --time-zone")]
To = Annotated[str | None, typer.Option("--to", help="ISO 8601, by the clock of --time-zone; end-exclusive")]
Zone = Annotated[str, typer.Option(help="IANA zone of times without an offset, such as Asia/Shanghai")]
Why = Annotated[str, typer.Option(help="why; stands in the ledger under your name")]


class Work(StrEnum):
    """What is done to something that is out of service."""

    MAINTENANCE = "maintenance"
    CALIBRATION = "calibration"


@app.command("list", epilog=LIST)
def listed(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Everything that is shelved, in a window or out of service, or will be; `*`: it holds now."""
    items = context_of(context).ask("GET", "/api/v1/mutes").get("items")
    if as_json:
        typer.echo(json.dumps(items, ensure_ascii=False, indent=1))
        return
    for one in items if isinstance(items, list) else []:
        typer.echo(_line(one))
    if not items:
        typer.echo("nothing is muted")


@app.command(epilog=WINDOW)
def window(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    *,
    asset: Asset = None,
    zone: ZoneId = None,
    sensor: Sensor = None,
    from_: From = None,
    to: To = None,
    times: Annotated[
        list[str] | None,
        typer.Option(help='comes again: days and a time of day, "mon-fri 22:00-05:30"; may be given again'),
    ] = None,
    time_zone: Zone = "UTC",
    reason: Why,
) -> None:
    """Call nobody for a time, once or again and again; at its end what goes on is told, once."""
    wish = _wish(asset, zone, sensor, _span(from_, to, time_zone), reason)
    if times:
        wish |= {"times": [_time(one) for one in times], "time_zone": time_zone}
    answer = context_of(context).ask("POST", "/api/v1/windows", wish)
    typer.echo(f"{answer['id']} is set; `coldchain-backend muted end {answer['id']}` ends it")


@app.command("out-of-service", epilog=SERVICE)
def out_of_service(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    *,
    asset: Asset = None,
    zone: ZoneId = None,
    sensor: Sensor = None,
    work: Annotated[Work, typer.Option(help="what is done")],
    from_: From = None,
    to: To = None,
    time_zone: Zone = "UTC",
    reason: Why,
) -> None:
    """Take a zone or sensor out of service; it comes back by `muted end`, at `--to`, or after 30 days."""
    wish = _wish(asset, zone, sensor, _span(from_, to, time_zone), reason)
    answer = context_of(context).ask("POST", "/api/v1/out-of-service", {**wish, "work": work.value})
    typer.echo(f"{answer['id']} is set; `coldchain-backend muted end {answer['id']}` ends it")


@app.command(epilog=END)
def end(context: typer.Context, id: str, *, reason: Why) -> None:
    """End a window or a time out of service before its time; what goes on is told at once."""
    server = context_of(context)
    items = server.ask("GET", "/api/v1/mutes").get("items")
    kinds = {one["id"]: str(one["kind"]) for one in items} if isinstance(items, list) else {}
    kind = kinds.get(id, "")
    if kind not in _PATHS:
        raise typer.BadParameter(
            f"{id} is a shelving: it is taken off at its alert" if kind else f"nothing is set as {id}"
        )
    path, verb = _PATHS[kind]
    server.ask("POST", f"/api/v1/{path}/{quote(id, safe='')}/{verb}", {"reason": reason})
    typer.echo(f"{id} is ended")


def _wish(
    asset: str | None, zone: str | None, sensor: str | None, span: Mapping[str, str], reason: str
) -> dict[str, object]:
    whose = {"asset": asset, "zone": zone, "sensor": sensor}
    named = {name: value for name, value in whose.items() if value is not None}
    if not named:
        raise typer.BadParameter("say whose alerts: --asset, --zone or --sensor")
    return {**named, **span, "reason": reason}


def _span(from_: str | None, to: str | None, time_zone: str) -> dict[str, str]:
    """Times as the API takes them; those without an offset are by the clock of the zone."""
    clock = ZoneInfo(checked_time_zone(time_zone))
    given = {"from": from_, "to": to}
    return {name: _instant(text, f"--{name}", clock) for name, text in given.items() if text is not None}


def _instant(text: str, option: str, clock: ZoneInfo) -> str:
    """An instant. A clock time that does not come on its day, or comes twice, must have its offset."""
    at = time_of(text, option)
    if datetime.fromisoformat(text).tzinfo is not None:
        return at.isoformat()
    local = at.replace(tzinfo=clock)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise typer.BadParameter(
            f"{option}: the clocks of {clock.key} change at {text}; say which with an offset, such as +02:00"
        )
    return local.isoformat()


def _time(text: str) -> dict[str, object]:
    """A time of day as the API takes it."""
    found = scheduled_time(text)
    first, last = (f"{minute // 60:02}:{minute % 60:02}" for minute in (found.from_minute, found.to_minute))
    return {"days": list(found.days), "from": first, "to": last}


def _line(one: Mapping[str, object]) -> str:
    named = (f"{name} {one[name]}" for name in ("asset", "zone", "sensor", "alert") if one[name])
    whose = ", ".join(named) or str(one["source"]).replace("\n", " ").strip()
    times = one.get("times")
    repeats = (
        f" {', '.join(map(str, times))} ({one['time_zone']})" if isinstance(times, list) and times else ""
    )
    return (
        f"{'*' if one['holds'] else ' '} {one['id']}  {one['kind']:<14}  {whose}  {one['from']} – "
        f"{one['to'] or 'until ended'}{repeats}  by {one['by']}: {one['reason']}"
    )

"""`follow discover|status|rescan`: an InfluxDB that others write into, as a source of readings."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from coldchain.errors import InvalidInput
from coldchain_backend.cli.context import Context, context_of
from coldchain_backend.cli.follow_text import Wish, entry_text, fragment
from coldchain_backend.cli.times import time_of
from coldchain_backend.config import Settings
from coldchain_backend.influx import reached
from coldchain_backend.ingest.follow import FollowSection, Rule
from coldchain_backend.ingest.follow.discover import (
    Discovery,
    FoundSeries,
    meaning_of,
    sensors_of,
    suggested,
)
from coldchain_runtime.clock import SystemClock
from coldchain_runtime.documents import duration_text

POLL_S: Final = 0.5
WIDE: Final = 200
"""Columns of a table that goes into a file or a pipe."""
EXAMPLES: Final = """Examples:

  coldchain-backend follow discover

  coldchain-backend follow discover --name site --days 7 --profile chilled-food --write fragment.yaml

  coldchain-backend follow status

  coldchain-backend follow rescan --name site --from 2026-11-01 --to 2026-11-08"""
app = typer.Typer(
    help="An InfluxDB that others write into, as a source of readings.", no_args_is_help=True, epilog=EXAMPLES
)
_COLUMNS: Final = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
Name = Annotated[str, typer.Option(help="which [[follow]]; needed where there are several")]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.command()
def discover(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    *,
    name: Name = "",
    days: Annotated[int, typer.Option(min=1, max=3650, help="look so far back")] = 1,
    every: Annotated[bool, typer.Option("--all", help="also fields whose name says nothing known")] = False,
    profile: Annotated[str, typer.Option(help="limits of the goods, for the fleet fragment")] = "",
    write: Annotated[Path | None, typer.Option(help="write the fleet fragment into a new file")] = None,
    json: Json = False,
) -> None:
    """List what stands there: series with rate and last value; settings and a fleet fragment for them.

    Asks InfluxDB directly; the server need not run. Entries of [[follow.series]] are used where there are
    any, otherwise some are proposed. Exit status 1 where nothing was found.
    """
    settings = context_of(context).settings
    section = _section(settings, name)
    found = _found(settings, section, days=days, every=every)
    rules = _rules(section, found)
    sensors = sensors_of(rules, found)
    wish = Wish(organisation=settings.organisation, store=section.name, profile=profile)
    text = fragment(wish, sensors)
    if json:
        series = [{**_document(one), "sensor": _sensor(rules, one)} for one in found]
        typer.echo(orjson.dumps({"series": series, "fragment": text}, option=orjson.OPT_INDENT_2).decode())
    else:
        _show(found, rules)
        if not section.series:
            typer.echo("\n".join(["", "# for backend.toml, below [[follow]]:", *map(entry_text, rules)]))
        typer.echo(f"\n{text}")
    if write is not None:
        _write(write, text)
    raise typer.Exit(0 if found else 1)


def _section(settings: Settings, name: str) -> FollowSection:
    followed = settings.config.follow
    if not followed:
        raise InvalidInput("no [[follow]] in the configuration: name, url and bucket are enough to discover")
    found = [one for one in followed if one.name == name] if name else list(followed)
    if len(found) != 1:
        raise InvalidInput(f"--name is one of {', '.join(one.name for one in followed)}")
    return found[0]


def _found(settings: Settings, section: FollowSection, *, days: int, every: bool) -> list[FoundSeries]:
    since_ms = SystemClock().now_ms() - days * 86_400_000
    with reached(settings.folder, section) as influx:
        store = Discovery(influx, section.policy)
        known = {(one.measurement, one.field) for one in section.series}
        fields = [one for one in store.fields() if one in known or every or meaning_of(one[1]) is not None]
        found: list[FoundSeries] = []
        with Progress(*_COLUMNS, console=Console(stderr=True), transient=True) as progress:
            for measurement, field in progress.track(fields, description="follow discover"):
                found += store.series(measurement, field, since_ms)
    return found


def _rules(section: FollowSection, found: Sequence[FoundSeries]) -> list[Rule]:
    """The rules of the settings, or those that are proposed."""
    if section.series:
        return [Rule.of(one) for one in section.series]
    fields = dict.fromkeys((one.measurement, one.field) for one in found)
    grouped = ([one for one in found if (one.measurement, one.field) == field] for field in fields)
    proposed = (suggested(series) for series in grouped)
    return [Rule.of(one) for one in proposed if one is not None]


def _sensor(rules: Sequence[Rule], one: FoundSeries) -> str | None:
    return next((sensor.id for sensor in sensors_of(rules, [one])), None)


def _show(found: Sequence[FoundSeries], rules: Sequence[Rule]) -> None:
    table = Table(
        "measurement", "field", "tags", "every", "last value", "last time (UTC)", "sensor", box=None
    )
    for one in found:
        table.add_row(
            one.measurement,
            one.field,
            ",".join(f"{name}={value}" for name, value in sorted(one.tags.items())),
            "?" if one.interval_ms is None else duration_text(one.interval_ms),
            str(one.last),
            _shown(one.last_ms),
            _sensor(rules, one) or "-",
        )
    console = Console()
    Console(width=None if console.is_terminal else WIDE).print(table)
    typer.echo(f"{len(found)} series")


def _shown(at_ms: object) -> str:
    """An instant as people read it."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}" if isinstance(at_ms, int) else "-"


def _document(one: FoundSeries) -> dict[str, object]:
    return {
        "measurement": one.measurement,
        "field": one.field,
        "tags": dict(one.tags),
        "interval_ms": one.interval_ms,
        "last": one.last,
        "last_ms": one.last_ms,
    }


def _write(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise InvalidInput(f"{file} is there already; it is not overwritten") from error
    typer.echo(f"written: {file}; then `coldchain-backend fleet check {file}`", err=True)


@app.command()
def status(
    context: typer.Context,
    *,
    wait: Annotated[bool, typer.Option(help="stay, with a progress bar, until imports are done")] = False,
    json: Json = False,
) -> None:
    """Up to where each store is read, what came, what came late, what is in the way.

    Exit status 1 where an operator has to know something.
    """
    asked = context_of(context)
    found = _stores(asked)
    if wait:
        found = _imported(asked, found)
    if json:
        typer.echo(orjson.dumps({"stores": found}, option=orjson.OPT_INDENT_2).decode())
    else:
        for line in (line for one in found for line in lines(one)):
            typer.echo(line)
        if not found:
            typer.echo("nothing is followed")
    raise typer.Exit(1 if any(one.get("conditions") for one in found) else 0)


def _stores(asked: Context) -> list[dict[str, object]]:
    stores = asked.ask("GET", "/api/v1/follow").get("stores")
    return [one for one in stores if isinstance(one, dict)] if isinstance(stores, list) else []


def _imported(asked: Context, found: list[dict[str, object]]) -> list[dict[str, object]]:
    """Show how the imports go on until they are done, or one is in trouble."""
    with Progress(*_COLUMNS, console=Console(stderr=True), transient=True) as progress:
        tasks = {str(one["name"]): progress.add_task(f"import {one['name']}", total=None) for one in found}
        while not all(one["live"] or one["trouble"] for one in found):
            time.sleep(POLL_S)
            found, now_ms = _stores(asked), SystemClock().now_ms()
            for one in found:
                begin, at = _number(one["begin_ms"]), _number(one["read_to_ms"])
                if begin and at:
                    progress.update(tasks[str(one["name"])], total=now_ms - begin, completed=at - begin)
    return found


def lines(one: Mapping[str, object]) -> list[str]:
    """How one store stands, as people read it."""
    lag_s = _number(one["lag_ms"]) // 1000
    stands = "live" if one["live"] else "first import"
    shown = [
        f"{one['name']}: {one['target']} (InfluxDB {one['version'] or 'not heard yet'})",
        f"  {'read up to':<18}{_shown(one['read_to_ms'])} UTC, {lag_s} s ago; {stands}",
        f"  {'readings':<18}{one['taken']} since the start, {one['late']} of them late",
        f"  {'newest reading':<18}{_shown(one['newest_ms'])}",
    ]
    if one["gone"]:
        shown.append(f"  {'gone':<18}{one['gone']} points that were taken no longer stand there")
    differences = one.get("differences")
    for each in differences[-5:] if isinstance(differences, list) else []:
        told = f"{each['there']} there, {each['taken']} taken, {each['found']} found late"
        shown.append(f"  {'differed':<18}{each['series']} {_shown(each['hour_ms'])}: {told}")
    conditions = one.get("conditions")
    if isinstance(conditions, dict):
        shown += [f"  {name:<18}{words}" for name, words in sorted(conditions.items())]
    if not conditions:
        shown.append(f"  {'state':<18}well")
    return shown


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


@app.command()
def rescan(
    context: typer.Context,
    *,
    since: Annotated[str, typer.Option("--from", help="instant or day, UTC")],
    to: Annotated[str, typer.Option("--to", help="instant or day, UTC")],
    name: Name = "",
    wait: Annotated[bool, typer.Option(help="stay until it is done")] = True,
) -> None:
    """Read a time again, whatever its age: what was never taken is taken now."""
    asked = context_of(context)
    store = _section(asked.settings, name).name
    span = {"begin": time_of(since, "--from").isoformat(), "end": time_of(to, "--to").isoformat()}
    found: Mapping[str, object] = asked.ask("POST", f"/api/v1/follow/{store}/rescan", span)
    if not wait:
        typer.echo("begun")
        return
    with Progress(*_COLUMNS, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("follow rescan", total=None)
        while True:
            again = found["rescan"]
            if not isinstance(again, dict) or again["done"]:
                break
            total, at = _number(again["to_ms"]) - _number(again["from_ms"]), _number(again["at_ms"])
            progress.update(task, total=total, completed=max(0, at - _number(again["from_ms"])))
            time.sleep(POLL_S)
            found = next(one for one in _stores(asked) if one["name"] == store)
    number = again["found"] if isinstance(again, dict) else 0
    typer.echo(f"{number} readings that had not been taken")

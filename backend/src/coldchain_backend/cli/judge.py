"""`judge FILE`: a logger's file judged offline, by the same core as the service. Its verdict is not
evidence."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from coldchain.errors import ConfigError, InvalidInput
from coldchain.verdicts import Outcome
from coldchain.words import Language
from coldchain_backend.cli.judged_text import told
from coldchain_backend.cli.profiles import profile_named
from coldchain_backend.loggerfiles import (
    Ask,
    DateOrder,
    Form,
    JudgedFile,
    Recorded,
    Unit,
    Wanted,
    Wish,
    ZoneNeeded,
    judge_file,
    plot,
    read_file,
)
from coldchain_runtime.documents import duration_ms

EXAMPLES: Final = """Examples:

coldchain-backend judge logger.csv --profile vaccine-who --zone Asia/Shanghai

coldchain-backend judge export.csv --profile cct-medicine-usp --zone +08:00 --interval 5m --plot chart.svg

coldchain-backend judge lanes.csv --profile frozen-food --column all --json"""
LONGEST_INTERVAL_MS: Final = 31 * 86_400_000
STATUS: Final = {Outcome.CONFORM: 0, Outcome.NON_CONFORM: 1, Outcome.NOT_DEMONSTRABLE: 3}


def judge(  # noqa: PLR0913 - the options of one command
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines or line protocol", dir_okay=False)],
    *,
    profile: Annotated[str, typer.Option(help="the limits, by name: `profiles list` shows them")],
    profiles: Annotated[Path | None, typer.Option(help="a file of own profiles", dir_okay=False)] = None,
    zone: Annotated[str | None, typer.Option(help="of its local times: Asia/Shanghai, or +08:00")] = None,
    interval: Annotated[str | None, typer.Option(help="how often it records, such as 10m")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="of temperatures, by name or number; `all`")
    ] = None,
    time: Annotated[str | None, typer.Option(help="the column of times, or of times of day")] = None,
    date: Annotated[str | None, typer.Option(help="the column of dates, beside --time")] = None,
    sensor: Annotated[str | None, typer.Option(help="which sensor, where the file holds several")] = None,
    date_order: Annotated[DateOrder | None, typer.Option(help="what 03/04/2024 means")] = None,
    unit: Annotated[Unit | None, typer.Option(help="of the temperatures")] = None,
    delimiter: Annotated[str | None, typer.Option(help="between columns; `tab`")] = None,
    form: Annotated[Form | None, typer.Option("--format", help="of the file, where it is not seen")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="judge from this time on, ISO")] = None,
    to: Annotated[str | None, typer.Option(help="judge up to this time, ISO")] = None,
    uncertainty: Annotated[float | None, typer.Option(help="of the calibration, ± °C")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the verdict as JSON")] = False,
    picture: Annotated[Path | None, typer.Option("--plot", help="draw a chart: out.svg or out.png")] = None,
    language: Annotated[Language, typer.Option(help="of the reasons")] = Language.EN,
) -> None:
    """Judge a logger's file by a profile: excursions, exposure and a verdict. It asks no server.

    Exit status: 0 conform, 1 non-conform, 3 not demonstrable, 2 the file or an option is wrong.
    """
    with _all_in_the_command():
        limits = profile_named(profile, profiles)
        interval_ms = _interval(interval)
        if uncertainty is not None and not 0 <= uncertainty <= 100:
            raise InvalidInput("--uncertainty is ± °C, 0 to 100")
        between = "\t" if delimiter == "tab" else delimiter
        wish = Wish(time=time, date=date, columns=tuple(column or ()), delimiter=between)
        wanted = Wanted(form=form, wish=wish, zone=zone, order=date_order, unit=unit, sensor=sensor)
        recorded = _read(file, wanted)
        begin, end = _instant(from_, recorded.zone), _instant(to, recorded.zone)
        ask = Ask(profile=limits, interval_ms=interval_ms, from_ms=begin, to_ms=end, uncertainty=uncertainty)
        with Console(stderr=True).status("judging"):
            found = judge_file(recorded, ask)
        document = json.dumps(found.document(), ensure_ascii=False, indent=2) if as_json else None
        typer.echo("\n".join(told(found, language)) if document is None else document)
        if picture is not None:
            _draw(found, picture)
    raise typer.Exit(STATUS[found.outcome])


@contextmanager
def _all_in_the_command() -> Iterator[None]:
    """Whatever cannot be read, meant or written here is a mistake of the command: status 1 is a verdict."""
    try:
        yield
    except ConfigError:
        raise
    except InvalidInput as fault:
        raise ConfigError(str(fault)) from fault
    except OSError as fault:
        raise ConfigError(fault.strerror or "cannot be written", file=str(fault.filename or "")) from fault


def _interval(text: str | None) -> int | None:
    interval_ms = None if text is None else duration_ms(text)
    if interval_ms is not None and interval_ms <= 0:
        raise InvalidInput("--interval must be longer than 0")
    if interval_ms is not None and interval_ms > LONGEST_INTERVAL_MS:
        raise InvalidInput("--interval is at most 31 days")
    return interval_ms


def _read(file: Path, wanted: Wanted) -> Recorded:
    """Read the file; ask a person at the terminal for the time zone where it is needed."""
    try:
        columns = (TextColumn(f"reading {file.name}", markup=False), BarColumn(), TaskProgressColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("reading", total=file.stat().st_size if file.is_file() else None)
            return read_file(file, wanted, lambda read: progress.update(task, completed=read))
    except ZoneNeeded as need:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        typer.echo(str(need), err=True)
        named = typer.prompt("time zone", err=True)
        return read_file(file, replace(wanted, zone=named.strip()))


def _instant(text: str | None, zone: tzinfo) -> int | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as fault:
        raise InvalidInput(f"{text!r} is not a time such as 2026-01-31T08:00") from fault
    aware = at if at.tzinfo is not None else at.replace(tzinfo=zone)
    return round(aware.timestamp() * 1000)


def _draw(found: JudgedFile, picture: Path) -> None:
    """One picture per channel; with several, each has its number in its name."""
    if picture.suffix.lower() not in {".svg", ".png"}:
        raise ConfigError("a plot is an .svg or a .png file", file=str(picture))
    for number, one in enumerate(found.channels, start=1):
        path = picture if len(found.channels) == 1 else picture.with_stem(f"{picture.stem}-{number}")
        verdict = one.verdict
        title = (
            f"{found.recorded.path.name}: {one.channel.name}, {verdict.profile.name}: {verdict.outcome.value}"
        )
        plot(one, found.recorded.zone, path, title)

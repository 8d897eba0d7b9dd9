"""`rules test|play|backtest`: limits tried before they are trusted."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from coldchain.errors import InvalidInput
from coldchain_backend.alerts.documents import iso
from coldchain_backend.cli.context import context_of
from coldchain_backend.fleetfile import parse_file
from coldchain_backend.judging import Answers
from coldchain_backend.ruletests import (
    Result,
    chosen,
    described,
    junit,
    page_name,
    play_all,
    play_recording,
    read_tests,
    told_pages,
)
from coldchain_backend.ruletests.backtest import DAY_MS, Compared, backtest, backtest_json, places_in
from coldchain_backend.sql import Records
from coldchain_runtime.clock import SystemClock
from coldchain_runtime.durable import write_file_atomic

app = typer.Typer(help="Limits tried before they are trusted: rule tests and backtest.", no_args_is_help=True)

EXAMPLE = """\b
Example:
  coldchain-backend rules test rules/*.yaml
  coldchain-backend rules test rules/doors.yaml --only "door left open"

\b
A file:
  tests:
    - name: door left open
      profile: vaccine-2-8
      series:
        s1: {start: "10:00", every: 5m, values: "5 5 9.1 9.2 9.4 9.4x5 5"}
      late:
        - {sensor: s1, at: "10:17", value: 9.3, arrives: "+2h"}
      expect:
        - {event: excursion.fired, at: "10:10", level: warning, sensor: s1, rule: high}
        - {event: excursion.level_changed, at: "10:40", level: alarm}
        - {event: excursion.resolved, sensor: s1}
        - {event: excursion.amended}
"""


@app.command("test", epilog=EXAMPLE)
def play(
    files: Annotated[list[Path], typer.Argument(help="rule-test files (YAML)", dir_okay=False)],
    *,
    only: Annotated[str | None, typer.Option(help="the one test of this name")] = None,
    junit_out: Annotated[Path | None, typer.Option("--junit", help="write JUnit XML here")] = None,
) -> None:
    """Play rule tests on the real judging; exit status 1 where one fails, 2 where a file is wrong.

    Lines with - were expected and did not happen, lines with + happened and were not expected.
    """
    cases = chosen([(path, read_tests(path)) for path in files], only)
    results = play_all(cases, _tell)
    failed = sum(not result.comparison.passed for result in results)
    typer.echo(f"{len(results) - failed} passed, {failed} failed")
    if junit_out is not None:
        write_file_atomic(junit_out, junit(results))
    raise typer.Exit(1 if failed else 0)


@app.command("play")
def play_recorded(
    fleet: Annotated[Path, typer.Argument(help="a fleet file", dir_okay=False)],
    recordings: Annotated[list[Path], typer.Argument(help="batches, one JSON object a line", dir_okay=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a step")] = False,
) -> None:
    """Play recorded batches against a fleet file and print every step of every alert.

    A line of a recording: {"gateway": "gw", "sealed": MS, "arrives": MS, "lines": ["reading,sensor=s …"]}
    """
    for recording in recordings:
        for happened in play_recording(fleet, recording).happened:
            step = happened.document()
            if as_json:
                typer.echo(json.dumps({"recording": recording.name, **step}, ensure_ascii=False))
                continue
            named = [step["event"], step["level"], step["point"] or step["gateway"], step["rule"]]
            typer.echo(" ".join([iso(happened.step.at_ms), *(str(one) for one in named if one)]))


@app.command("told")
def told(
    files: Annotated[list[Path], typer.Argument(help="rule-test files (YAML)", dir_okay=False)],
    *,
    out: Annotated[Path, typer.Option(help="the folder for the pages", file_okay=False)],
    only: Annotated[str | None, typer.Option(help="the one test of this name")] = None,
    check: Annotated[bool, typer.Option("--check", help="write nothing; 1 where a page differs")] = False,
) -> None:
    """Play rule tests and write who was told what, a page (Markdown) for each test in English and 中文.

    Example:

    coldchain-backend rules told tests/data/rules/scenarios.yaml --out told
    """
    differ = 0
    for case in chosen([(path, read_tests(path)) for path in files], only):
        for language, page in told_pages(case).items():
            target = out / page_name(case, language)
            same = target.is_file() and target.read_text(encoding="utf-8") == page
            differ += not same
            if not check:
                out.mkdir(parents=True, exist_ok=True)
                write_file_atomic(target, page.encode())
            typer.echo(f"{'same' if same else 'differs' if check else 'written'}  {target}")
    raise typer.Exit(1 if check and differ else 0)


@app.command("backtest")
def try_on_the_past(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    changed: Annotated[Path, typer.Argument(help="a changed fleet file", dir_okay=False)],
    *,
    days: Annotated[int, typer.Option(min=1, max=3660, help="how far back")] = 90,
    zone: Annotated[str | None, typer.Option(help="this zone only")] = None,
    every: Annotated[bool, typer.Option("--all", help="points that would raise the same, too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a point")] = False,
) -> None:
    """What the limits of a changed fleet file would have raised, beside those in force, point by point.

    Reads the database beside a running server; nothing is applied, nobody is told.

    Examples:

    coldchain-backend rules backtest new.yaml

    coldchain-backend rules backtest new.yaml --zone cq-store.chiller --days 30
    """
    plan = parse_file(changed)
    settings = context_of(context).settings
    with settings.place.looked_into() as database:
        records = Records(database)
        fleet = Answers(records, settings.organisation).fleet()
        now_ms = SystemClock().now_ms()
        places = places_in(fleet, plan, zone)
        if not places:
            raise InvalidInput(f"no point of {'the fleet' if zone is None else f'zone {zone}'} to try it on")
        span = now_ms - days * DAY_MS, now_ms
        with Progress(console=Console(stderr=True), transient=True) as progress:
            tracked = progress.track(places, description="backtest")
            rows = [row for place in tracked if (row := backtest(records, fleet, plan, place, span))]
    shown = [row for row in rows if every or row.differs]
    if as_json:
        typer.echo("\n".join(backtest_json(shown)))
        return
    if shown:
        Console().print(_table(shown))
    now, then = sum(row.raised_now.alarms for row in rows), sum(row.raised_then.alarms for row in rows)
    same = sum(not row.differs for row in rows)
    typer.echo(f"{days} days, {len(rows)} points ({same} the same): {now} alarms now, {then} with the change")


def _table(rows: list[Compared]) -> Table:
    table = Table(
        "point", "", "profile", "warnings", "alarms", "minutes out", "longest", box=SIMPLE, show_edge=False
    )
    for row in sorted(rows, key=lambda one: (-one.raised_then.alarms, one.place.point.id)):
        for word, profile, raised in (("now", row.now, row.raised_now), ("then", row.then, row.raised_then)):
            minutes = [f"{ms / 60_000:.0f}" for ms in (raised.out_ms, raised.longest_ms)]
            table.add_row(
                row.place.point.id if word == "now" else "", word, f"{profile.name} v{profile.version}",
                str(raised.warnings), str(raised.alarms), *minutes,
            )  # fmt: skip
    return table


def _tell(result: Result) -> None:
    typer.echo("\n".join(described(result)))

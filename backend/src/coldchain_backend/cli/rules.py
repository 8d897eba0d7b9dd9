"""`rules test|play|backtest`: limits tried before they are trusted."""

import json
from pathlib import Path
from typing import Annotated

import typer

from coldchain_backend.alerts.notices import iso
from coldchain_backend.ruletests import Result, chosen, described, junit, play_all, play_recording, read_tests
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


def _tell(result: Result) -> None:
    typer.echo("\n".join(described(result)))

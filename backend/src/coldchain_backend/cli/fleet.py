"""`fleet check|diff|apply|export|schema`: the fleet as a file."""

import json
from pathlib import Path
from typing import Annotated

import typer

from coldchain_backend.cli.context import Document, context_of
from coldchain_backend.fleetfile import parse_file, schema

app = typer.Typer(help="The fleet as a file: check, compare, apply, export.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="the fleet file")]


@app.command()
def check(file: File) -> None:
    """Read a file and tell every mistake with its line and key; asks no server."""
    plan = parse_file(file)
    points = sum(1 for _ in plan.places())
    typer.echo(f"{file}: {len(plan.assets)} assets, {points} points, {len(plan.sensors)} sensors, all right")


@app.command()
def diff(context: typer.Context, file: File) -> None:
    """Show what applying a file would do."""
    parse_file(file)
    body = {"text": file.read_text(encoding="utf-8"), "name": str(file)}
    _tell(context_of(context).ask("POST", "/api/v1/fleet/diff", body))


@app.command()
def apply(  # noqa: PLR0913 - the options of one command
    context: typer.Context,
    file: File,
    *,
    allow_removals: Annotated[bool, typer.Option(help="things may be taken away")] = False,
    allow_loosened: Annotated[bool, typer.Option(help="limits may become looser")] = False,
    reason: Annotated[str | None, typer.Option(help="why; stands in the ledger")] = None,
    base: Annotated[int | None, typer.Option(help="the version the file was made from")] = None,
) -> None:
    """Make a file the fleet in force."""
    parse_file(file)
    body = {
        "text": file.read_text(encoding="utf-8"),
        "name": str(file),
        "base": base,
        "allow_removals": allow_removals,
        "allow_loosened": allow_loosened,
        "reason": reason,
    }
    answer = context_of(context).ask("POST", "/api/v1/fleet/apply", body)
    difference = answer.get("difference")
    if isinstance(difference, dict):
        _tell(difference)
    done = "is in force now" if answer["changed"] else "was in force already"
    typer.echo(f"version {answer['version']} {done}")


@app.command()
def export(context: typer.Context) -> None:
    """Print the file in force."""
    typer.echo(str(context_of(context).ask("GET", "/api/v1/fleet")["text"]), nl=False)


@app.command("schema")
def json_schema() -> None:
    """Print the JSON Schema of the file, for editors."""
    typer.echo(json.dumps(schema(), indent=2, ensure_ascii=False))


def _tell(difference: Document) -> None:
    """What would be or was done, one line each."""
    entries = difference.get("entries")
    for entry in entries if isinstance(entries, list) else []:
        details = "; ".join(entry["details"])
        typer.echo(f"{entry['kind']} {entry['what']} {entry['id']}{f': {details}' if details else ''}")
    notes = {"losing": "no longer judged", "looser": "looser", "ending": "ends alert", "clashes": "clashes"}
    for name, note in notes.items():
        found = difference.get(name)
        for one in found if isinstance(found, list) else []:
            typer.echo(f"{note}: {one}")

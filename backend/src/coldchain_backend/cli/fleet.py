"""`fleet check|diff|apply|versions|export|rollback|schema`: the fleet as a file."""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from coldchain.errors import InvalidInput
from coldchain_backend.cli.context import Document, context_of
from coldchain_backend.fleet import Plan
from coldchain_backend.fleetfile import advice_on_file, parse_file, schema
from coldchain_runtime.clock import SystemClock
from coldchain_runtime.durable import write_file_atomic

app = typer.Typer(help="The fleet as a file: check, compare, apply, export, go back.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="the fleet file", dir_okay=False)]
Removals = Annotated[bool, typer.Option("--allow-removals", help="let things go")]
Loosened = Annotated[bool, typer.Option("--allow-loosened", help="limits may get looser")]
_VERSION = re.compile(r"^# coldchain fleet version ([0-9]{1,15})$", re.MULTILINE)
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_NOTES = {
    "losing": "points that will no longer be judged",
    "looser": "watched less strictly",
    "ending": "alerts that will end",
    "recipients": "recipients changed",
    "short": "alarms that reach too few people; what is newly put in use is refused",
    "clashes": "cannot be applied",
}


@app.command()
def check(file: File) -> None:
    """Read a file and tell every mistake with its line and key; asks no server.

    Warnings, such as hours in which nobody is on call, change nothing about the exit status.
    """
    plan = parse_file(file)
    for warning in advice_on_file(file, plan, SystemClock().now_ms()):
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(f"{file}: {summary(plan)}")


@app.command()
def diff(context: typer.Context, file: File) -> None:
    """Show what applying a file would do."""
    typer.echo("\n".join(describe(_difference(context, file))))


@app.command()
def apply(  # noqa: PLR0913 - the options of one command
    context: typer.Context,
    file: File,
    *,
    allow_removals: Removals = False,
    allow_loosened: Loosened = False,
    reason: Annotated[str | None, typer.Option(help="why; stands in the ledger")] = None,
    base: Annotated[int | None, typer.Option(help="the version the file was made from")] = None,
    valid_from: Annotated[
        str | None,
        typer.Option(help="since when it was so, e.g. 2026-11-20T08:00:00+08:00; the past is judged again"),
    ] = None,
) -> None:
    """Show what a file changes, and make it the fleet in force. The same file again changes nothing."""
    difference = _difference(context, file)
    typer.echo("\n".join(describe(difference)))
    text = file.read_text(encoding="utf-8")
    noted = version_of(text) if base is None else base
    body: Document = {
        "text": text,
        "name": str(file),
        "base": difference["base"] if noted is None else noted,
        "allow_removals": allow_removals,
        "allow_loosened": allow_loosened,
        "reason": reason,
        "valid_from": valid_from,
    }
    answer = _put_in_force(context, body)
    if answer["changed"] and version_of(text) is not None:
        write_file_atomic(file, with_version(text, answer["version"]).encode())


@app.command()
def versions(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="how many, newest first")] = 20,
) -> None:
    """List the versions that were applied, newest first: number, since when, by whom, why."""
    found = context_of(context).ask("GET", f"/api/v1/fleet/versions?limit={limit}")
    for one in _items(found, "items"):
        if isinstance(one, dict):
            why = "" if one["reason"] is None else f": {one['reason']}"
            typer.echo(f"{one['version']:>8}  {one['from']}  {one['by']}{why}")


@app.command()
def rollback(
    context: typer.Context,
    version: Annotated[int, typer.Argument(min=1, help="its number, as `fleet versions` shows it")],
    *,
    reason: Annotated[str, typer.Option(help="why; stands in the ledger")],
    allow_removals: Removals = False,
    allow_loosened: Loosened = False,
) -> None:
    """Show what going back to an earlier version changes, and put its file in force again, from now on.

    The versions between stay as they were: what was judged by them stays judged by them.
    """
    found = context_of(context).ask("GET", f"/api/v1/fleet?version={version}")
    file: Document = {"text": found["text"], "name": f"version {version}"}
    difference = context_of(context).ask("POST", "/api/v1/fleet/diff", file)
    typer.echo("\n".join(describe(difference)))
    consent = {"allow_removals": allow_removals, "allow_loosened": allow_loosened, "reason": reason}
    _put_in_force(context, {**file, "base": difference["base"], **consent})


@app.command()
def export(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="the file to write; otherwise it is printed")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="an earlier one; see `fleet versions`")] = None,
) -> None:
    """Give the file in force, with its version on top: `apply` then refuses if somebody was faster."""
    asked = "/api/v1/fleet" if version is None else f"/api/v1/fleet?version={version}"
    found = context_of(context).ask("GET", asked)
    if not found["version"]:
        raise InvalidInput("no fleet file was applied yet")
    text = with_version(str(found["text"]), found["version"])
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_file_atomic(out, text.encode())
        typer.echo(f"{out}: version {found['version']}")


@app.command("schema")
def json_schema() -> None:
    """Print the JSON Schema of the file, for editors."""
    typer.echo(json.dumps(schema(), indent=2, ensure_ascii=False))


def summary(plan: Plan) -> str:
    """What a plan holds, in one line, and which sensors stand nowhere."""
    counts = {
        "assets": len(plan.assets),
        "zones": sum(1 for _ in plan.zones()),
        "points": sum(1 for _ in plan.places()),
        "sensors": len(plan.sensors),
        "gateways": len(plan.gateways),
        "receivers": len(plan.receivers),
        "routes": len(plan.routes),
    }
    free = [one.id for one in plan.sensors if plan.place_of_sensor(one.id) is None]
    said = ", ".join(f"{count} {what}" for what, count in counts.items())
    return f"all right: {said}" + (f"; standing nowhere: {', '.join(free)}" if free else "")


def describe(difference: Document) -> list[str]:
    """A difference in lines: entries with their details, then what it does to the watch."""
    lines: list[str] = []
    for entry in _items(difference, "entries"):
        if isinstance(entry, dict):
            lines.append(f"{_SIGNS.get(str(entry.get('kind')), '?')} {entry.get('what')} {entry.get('id')}")
            lines += [f"    {detail}" for detail in _items(entry, "details")]
    for name, note in _NOTES.items():
        if found := _items(difference, name):
            lines += [f"{note}:", *(f"    {one}" for one in found)]
    return lines or ["no difference"]


def version_of(text: str) -> int | None:
    """The version that stands on top of an exported file."""
    noted = _VERSION.search(text)
    return None if noted is None else int(noted[1])


def with_version(text: str, version: object) -> str:
    """The same file with a version on top."""
    line = f"# coldchain fleet version {version}"
    return f"{line}\n{text}" if version_of(text) is None else _VERSION.sub(line, text, count=1)


def _put_in_force(context: typer.Context, body: Document) -> Document:
    answer = context_of(context).ask("POST", "/api/v1/fleet/apply", body)
    done = "is in force now" if answer["changed"] else "was in force already; nothing changed"
    typer.echo(f"version {answer['version']} {done}")
    return answer


def _difference(context: typer.Context, file: Path) -> Document:
    parse_file(file)
    body = {"text": file.read_text(encoding="utf-8"), "name": str(file)}
    return context_of(context).ask("POST", "/api/v1/fleet/diff", body)


def _items(document: Document, key: str) -> list[object]:
    found = document.get(key)
    return found if isinstance(found, list) else []

"""`ready ZONE`: what is missing before a zone may be in use, and its installation sheet."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

import typer

from coldchain.errors import InvalidInput
from coldchain.words import Language
from coldchain_backend.cli.context import Context, context_of

EXAMPLES: Final = """\b
Examples:
  coldchain-backend ready cq-store.vaccine
  coldchain-backend ready cq-store.vaccine --sheet vaccine.html --language zh
  coldchain-backend ready cq-store.vaccine --record power-cut --by 王伟 --reason "told within 60 s"
"""


class Test(StrEnum):
    """A test that may be recorded."""

    __test__ = False  # not one of pytest's

    TEST_ALARM = "test-alarm"
    POWER_CUT = "power-cut"


def ready(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    zone: Annotated[str, typer.Argument(help="the zone")],
    *,
    record: Annotated[Test | None, typer.Option(help="record that this test was done")] = None,
    by: Annotated[str, typer.Option(help="who did it")] = "",
    reason: Annotated[str, typer.Option(help="what was seen; stands in the ledger")] = "",
    sheet: Annotated[Path | None, typer.Option(help="write the installation sheet (.html or .txt)")] = None,
    language: Annotated[Language, typer.Option(help="of the sheet and of what is printed")] = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Say what is missing before a zone may be in use, each with the command that mends it.

    Exit status 0: nothing is missing, 1: something is.
    """
    server, path = context_of(context), f"/api/v1/zones/{quote(zone, safe='')}"
    if record is not None:
        _record(server, path, record, by, reason)
    if sheet is not None:
        kind = "html" if sheet.suffix.lower() in {".html", ".htm"} else "text"
        query = {"language": language.value, "format": kind}
        server.download(f"{path}/sheet", query, sheet, lambda *_: None)
        typer.echo(f"{sheet}: written", err=True)
    found = server.ask("GET", f"{path}/ready")
    lacks = found["missing"] if isinstance(found["missing"], list) else []
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for one in lacks:
            typer.echo(f"- {one['what'][language.value]}\n    {one['mend'][language.value]}")
        typer.echo(f"{zone}: {'ready' if found['ready'] else f'{len(lacks)} missing'}")
    raise typer.Exit(0 if found["ready"] else 1)


def _record(server: Context, path: str, record: Test, by: str, reason: str) -> None:
    if not by.strip() or not reason.strip():
        raise InvalidInput("a test is recorded with --by (who did it) and --reason (what was seen)")
    said = {"test": record.value.replace("-", "_"), "person": by, "reason": reason}
    placed = server.ask("POST", f"{path}/tests", said)
    typer.echo(f"recorded as number {placed['number']}", err=True)

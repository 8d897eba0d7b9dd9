"""`verify`: is the evidence what was written?"""

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from coldchain.errors import InvalidInput
from coldchain.seal import Key
from coldchain_backend.cli.context import context_of
from coldchain_backend.cli.times import time_of
from coldchain_backend.identity import KEY_FILE
from coldchain_backend.ledger import Answer, Report, Scope, Verifier, load_statement

SHOWN: Final = 20
STATUS: Final = {Answer.INTACT: 0, Answer.INCOMPLETE: 0, Answer.BROKEN: 1, Answer.NOTHING: 3}


def verify(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    *,
    ledger: Annotated[
        Path | None, typer.Option(help="the folder of a ledger; default: that of the configuration")
    ] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="a checkpoint that was sent out; may be given several times")
    ] = None,
    since: Annotated[str, typer.Option("--from", help="only what was received from this time on")] = "",
    until: Annotated[str, typer.Option("--to", help="only what was received before this time")] = "",
    jobs: Annotated[int, typer.Option(min=0, max=256, help="processes; 0: one per core")] = 0,
    complete: Annotated[
        bool, typer.Option("--complete", help="exit status 1 also when numbers are missing")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the report as JSON")] = False,
) -> None:
    """Read the ledger and name every record that is not what was written.

    Answers `intact`, `incomplete` (whole, but numbers are missing: they are listed), `broken` (the record is
    named) or `nothing` (no record was received in that time). Needs no server and works beside a running one.
    Exit status 0 for the first two, 1 for broken, 3 for nothing. A time is UTC, as 2026-11-01 or
    2026-11-01T08:00; what is read is widened to whole segments.

    Examples:

    coldchain-backend verify

    coldchain-backend verify --checkpoint 2026-11-24.json

    coldchain-backend verify --from 2026-11-01 --json
    """
    folder, keys = _ledger(context, ledger)
    scope = Scope(
        keys=keys,
        statements=[load_statement(path) for path in checkpoint or ()],
        from_ms=_ms(since, "--from"),
        to_ms=_ms(until, "--to"),
        jobs=jobs or os.cpu_count() or 1,
    )
    report = _read(Verifier(folder, scope=scope))
    if as_json:
        fields = {"answer": report.answer, **asdict(report), "gateways": sorted(report.gateways)}
        typer.echo(orjson.dumps(fields, option=orjson.OPT_INDENT_2).decode())
    else:
        _tell(report)
    status = STATUS | ({Answer.INCOMPLETE: 1} if complete else {})
    raise typer.Exit(status[report.answer])


def _ledger(context: typer.Context, folder: Path | None) -> tuple[Path, Sequence[bytes]]:
    """The ledger's folder, and the backend's own key where it is that of the configuration."""
    keys: Sequence[bytes] = ()
    if folder is None:
        settings = context_of(context).settings
        folder = settings.data_dir / "ledger" / settings.organisation
        seed = settings.data_dir / KEY_FILE
        if seed.exists():
            keys = [Key.from_seed(bytes.fromhex(seed.read_text(encoding="ascii").strip())).public]
    if not folder.is_dir():
        raise InvalidInput(f"{folder}: no ledger here")
    return folder, keys


def _ms(text: str, option: str) -> int | None:
    return int(time_of(text, option).timestamp() * 1000) if text else None


def _read(verifier: Verifier) -> Report:
    columns = (TextColumn("verify"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("verify", total=verifier.size())
        return verifier.run(lambda count: progress.advance(task, count))


def _tell(report: Report) -> None:
    for fault in report.faults:
        typer.echo(fault)
    for hole in report.holes[:SHOWN]:
        numbers = f"{hole.first}-{hole.last}" if hole.last > hole.first else str(hole.first)
        typer.echo(f"missing: {hole.gateway} {hole.run}: {numbers} ({hole.reason})")
    if len(report.holes) > SHOWN:
        typer.echo(f"missing: {len(report.holes) - SHOWN} more; --json lists all")
    for fork in report.forks[:SHOWN]:
        records = ", ".join(map(str, fork.records))
        where = f" (records {records})" if records else ""
        typer.echo(f"fork: {fork.gateway} {fork.run} {fork.seq}: {fork.why}{where}")
    word = "BROKEN" if report.answer is Answer.BROKEN else report.answer.value
    if report.answer is Answer.NOTHING:
        typer.echo(
            "nothing: no record was received in that time" if report.records else "nothing: no records"
        )
        word = "read around it"
    typer.echo(
        f"{word}: {report.records} records, {report.batches} batches, {report.lines} lines,"
        f" {len(report.gateways)} gateway{'s' * (len(report.gateways) != 1)}"
    )
    if report.clones:
        typer.echo(f"{report.clones} batches stand beside another one of the same number")
    if report.unknown:
        typer.echo(f"{report.unknown} batches are sealed by keys that this ledger does not name")
    if report.declared:
        typer.echo(f"{report.declared} batches were declared never to come")
    typer.echo(f"head {report.head}")

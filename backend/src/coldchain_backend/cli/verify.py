"""`verify`: is the evidence what was written?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from coldchain.errors import InvalidInput
from coldchain.seal import Key
from coldchain_backend.cli.context import context_of
from coldchain_backend.identity import KEY_FILE
from coldchain_backend.ledger import Report, Verifier

SHOWN: Final = 20


def verify(
    context: typer.Context,
    ledger: Annotated[
        Path | None, typer.Option(help="the folder of a ledger; default: that of the configuration")
    ] = None,
) -> None:
    """Read the whole ledger and name every record that is not what was written.

    Needs no server and works beside a running one. Exit status 1 if the ledger is not intact.
    """
    keys: Sequence[bytes] = ()
    if ledger is None:
        settings = context_of(context).settings
        ledger = settings.data_dir / "ledger" / settings.organisation
        seed = settings.data_dir / KEY_FILE
        keys = (
            [Key.from_seed(bytes.fromhex(seed.read_text(encoding="ascii").strip())).public]
            if seed.exists()
            else ()
        )
    if not ledger.is_dir():
        raise InvalidInput(f"{ledger}: no ledger here")
    report = _read(Verifier(ledger, keys))
    _tell(report)
    raise typer.Exit(0 if report.intact else 1)


def _read(verifier: Verifier) -> Report:
    columns = (TextColumn("verify"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("verify", total=verifier.size())
        return verifier.run(lambda count: progress.advance(task, count))


def _tell(report: Report) -> None:
    for fault in report.faults:
        typer.echo(fault)
    for run, holes in list(report.holes.items())[:SHOWN]:
        shown = ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in holes[:SHOWN])
        typer.echo(f"not there yet: {run}: {shown}")
    word = "intact" if report.intact else "NOT INTACT"
    typer.echo(
        f"{word}: {report.records} records, {report.batches} batches, {report.lines} lines,"
        f" {len(report.gateways)} gateways"
    )
    if report.clones:
        typer.echo(f"{report.clones} batches stand beside another one of the same number")
    if report.unknown:
        typer.echo(f"{report.unknown} batches are sealed by keys that this ledger does not name")
    if report.declared:
        typer.echo(f"{report.declared} batches were declared never to come")
    typer.echo(f"head {report.head}")

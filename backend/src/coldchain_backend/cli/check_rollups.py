"""`check-rollups`: are the accounts per quarter, hour and day what the readings say?"""

from typing import Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from coldchain_backend.cli.context import context_of
from coldchain_backend.judging import Answers, CellDifference, differing_cells
from coldchain_backend.sql import Records
from coldchain_backend.web.times import iso

SHOWN: Final = 50
HOUR_MS: Final = 3_600_000


def check_rollups(context: typer.Context) -> None:
    """Sum up every folded cell again from the series and name those that differ.

    Reads the database beside a running server. Exit status 1 if a cell differs; `rebuild` makes all of them
    again.
    """
    settings = context_of(context).settings
    with settings.place.looked_into() as database:
        records = Records(database)
        fleet = Answers(records, settings.organisation).fleet()
        total = records.folded_hours()
        columns = (TextColumn("check-rollups"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("check-rollups", total=total)
            found = list(differing_cells(records, fleet, lambda count: progress.advance(task, count)))
    _tell(found, total)
    raise typer.Exit(1 if found else 0)


def _tell(found: list[CellDifference], total: int) -> None:
    for one in found[:SHOWN]:
        typer.echo(f"{one.sensor} {one.quantity}: {one.cell.value} from {iso(one.from_ms)}")
        for name, (stored, summed) in one.fields.items():
            typer.echo(f"  {name}: stored {stored}, the readings say {summed}")
    if len(found) > SHOWN:
        typer.echo(f"… and {len(found) - SHOWN} more")
    word = f"{len(found)} cells differ" if found else "equal"
    typer.echo(f"{word}: {total} hours of accounts, with their quarters and days, summed up again")

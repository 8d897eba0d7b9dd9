"""`evidence export`: an archive that proves itself to a stranger."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from coldchain.words import Language
from coldchain_backend.cli.context import context_of
from coldchain_backend.cli.times import time_of

app = typer.Typer(help="Archives that prove themselves to strangers.", no_args_is_help=True)


@app.command()
def export(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    *,
    zone: Annotated[str, typer.Option(help="a zone")] = "",
    asset: Annotated[str, typer.Option(help="or all zones of an asset")] = "",
    since: Annotated[str, typer.Option("--from", help="beginning, UTC unless it says otherwise")],
    until: Annotated[str, typer.Option("--to", help="end")],
    out: Annotated[Path, typer.Option(help="the archive")] = Path("evidence.zip"),
    language: Annotated[Language, typer.Option(help="what the report shows first")] = Language.EN,
) -> None:
    """Take evidence of a zone or asset: batches, keys, verdicts, configuration, report, and `verify.py`.

    The ledger records who took it. Whoever gets the archive needs nothing but Python to check it:
    `python3 -I verify.py evidence.zip --fingerprint F`, with the fingerprint that the gateway itself prints.

    Example:

    coldchain-backend evidence export --zone cq-store.vaccine --from 2026-11-01 --to 2026-12-01 --language zh
    """
    if bool(zone) is bool(asset):
        raise typer.BadParameter("give either --zone or --asset")
    asked = {"from": time_of(since, "--from").isoformat(), "to": time_of(until, "--to").isoformat()}
    asked |= {"language": language.value, **({"zone": zone} if zone else {"asset": asset})}
    columns = (TextColumn("evidence"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("evidence", total=None)
        context_of(context).download(
            "/api/v1/evidence",
            asked,
            out,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    typer.echo(f"{out}: {out.stat().st_size} bytes; check it with its own verify.py")

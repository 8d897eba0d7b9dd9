"""`archive`: move old segments of the ledger to another disk."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from coldchain_backend.cli.backup import bar
from coldchain_backend.cli.context import context_of
from coldchain_backend.ledger import archive as move
from coldchain_backend.ledger import archived, movable
from coldchain_runtime.clock import SystemClock


def archive(
    context: typer.Context,
    *,
    folder: Annotated[
        Path | None, typer.Option("--to", help="the archive folder; without it: what lies where")
    ] = None,
    older_than: Annotated[int, typer.Option(min=1, help="days since the last record of a segment")] = 365,
) -> None:
    """Move closed segments of the ledger to an archive folder, beside the running server.

    A link stays in the place of each, so `verify`, `rebuild`, `backup` and `evidence` read them as before;
    the folder must stay reachable for that. Nothing is deleted before its copy was read back.

    Examples:

    coldchain-backend archive --to /mnt/nas/ledger --older-than 400

    coldchain-backend archive
    """
    settings = context_of(context).settings
    ledger = settings.data_dir / "ledger" / settings.organisation
    if folder is None:
        for path, place in archived(ledger):
            typer.echo(f"{path.name} -> {place}{'' if path.exists() else '  NOT REACHABLE'}")
        return
    now = datetime.fromtimestamp(SystemClock().now_ms() / 1000, UTC)
    before_ms = int((now - timedelta(days=older_than)).timestamp() * 1000)
    wanted = movable(ledger, before_ms)
    with bar("archive", sum(path.stat().st_size for path in wanted)) as told:
        for path in wanted:
            typer.echo(f"{path.name} -> {move(path, folder, settings.organisation, told)}")
    typer.echo(f"{len(wanted)} segments moved")

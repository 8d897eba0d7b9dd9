"""`migrate`: bring the database of an older version to this one's format."""

import typer

from coldchain_backend import sql
from coldchain_backend.cli.context import context_of
from coldchain_backend.ledger import open_ledger
from coldchain_runtime.clock import SystemClock


def migrate(context: typer.Context) -> None:
    """Bring the database of an older version to this one's format; the server must be stopped.

    A copy of the old one stays beside it, named after its format. The ledger is not touched; what this
    version judges otherwise is shown by `rebuild --check`.
    """
    settings = context_of(context).settings
    folder = settings.data_dir / "ledger" / settings.organisation
    with open_ledger(
        folder, settings.organisation, SystemClock()
    ):  # nobody else has the data folder meanwhile
        done = sql.migrate(settings.data_dir / sql.DATABASE_FILE)
    if done is None:
        typer.echo("the database has this version's format already")
        return
    found, copy = done
    typer.echo(f"brought from format {found} to this version's; the old database is {copy}")

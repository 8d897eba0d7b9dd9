"""`migrate`: bring the database of an older version to this one's format."""

import typer

from coldchain_backend import sql
from coldchain_backend.cli.context import context_of
from coldchain_backend.ledger import open_ledger
from coldchain_runtime.clock import SystemClock


def migrate(context: typer.Context) -> None:
    """Bring the database of an older version to this one's format; the server must be stopped.

    A copy of the old one stays beside it, named after its format. Where the configuration names a PostgreSQL
    server and the state still stands in the data folder's file, it is moved to that server. The ledger is not
    touched; what this version judges otherwise is shown by `rebuild --check`.
    """
    settings = context_of(context).settings
    folder = settings.data_dir / "ledger" / settings.organisation
    with open_ledger(
        folder, settings.organisation, SystemClock()
    ):  # nobody else has the data folder meanwhile
        place = settings.place
        if place.server is not None and (settings.data_dir / sql.DATABASE_FILE).is_file():
            typer.echo(f"moved to the server; the database is kept as {sql.take_in(place)}")
            return
        done = sql.migrate(place.file) if place.server is None else sql.migrate_server(place)
    if done is None:
        typer.echo("the database has this version's format already")
        return
    found, copy = done
    typer.echo(f"brought from format {found} to this version's; the old database is {copy}")

"""`gateways list|code|revoke`."""

from typing import Annotated
from urllib.parse import quote

import typer

from coldchain_backend.cli.context import context_of

app = typer.Typer(help="Gateways: which there are, admitting and revoking them.", no_args_is_help=True)


@app.command("list")
def listed(context: typer.Context) -> None:
    """Every gateway of the fleet and all that enrolled."""
    answer = context_of(context).ask("GET", "/api/v1/gateways")
    items = answer.get("items")
    for item in items if isinstance(items, list) else []:
        state = "revoked" if item["revoked"] else item["key"] or "not enrolled"
        typer.echo(f"{item['name']}  {state}  heard {item['heard'] or 'never'}")


@app.command()
def code(context: typer.Context, name: str) -> None:
    """Make a one-time code under which a gateway may enrol within a day."""
    made = context_of(context).ask("POST", "/api/v1/gateways/codes", {"name": name})
    typer.echo(f"code for {name}, good once within 24 h: {made['code']}")


@app.command()
def revoke(
    context: typer.Context,
    name: str,
    reason: Annotated[str, typer.Option(help="why; stands in the ledger")],
) -> None:
    """Refuse everything that this gateway's key sends from now on."""
    context_of(context).ask("POST", f"/api/v1/gateways/{quote(name, safe='')}/revoke", {"reason": reason})
    typer.echo(f"{name} is revoked")

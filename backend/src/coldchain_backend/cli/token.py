"""`token create`: let a person in, or a machine write."""

import sys
from typing import Annotated

import segno
import typer

from coldchain_backend.access import Role
from coldchain_backend.cli.context import context_of

app = typer.Typer(help="Tokens of people and machines.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Tokens of people and machines."""


@app.command()
def create(
    context: typer.Context,
    person: Annotated[str | None, typer.Option(help="prints a login link and a QR code")] = None,
    role: Annotated[Role, typer.Option(help="what the person may do")] = Role.VIEWER,
    gateway: Annotated[str | None, typer.Option(help="prints a token that may write")] = None,
    days: Annotated[int | None, typer.Option(help="how long it is good; left out: a person's a year")] = None,
) -> None:
    """Make a token and show it, once."""
    wish = {"person": person, "role": role.value, "gateway": gateway, "days": days}
    made = context_of(context).ask("POST", "/api/v1/tokens", wish)
    link = made.get("link")
    if not isinstance(link, str):
        typer.echo(f"token of {gateway}, shown once: {made['token']}")
        return
    typer.echo(f"login link of {person} ({role.value}), shown once: {link}")
    if sys.stdout.isatty():
        segno.make(link, error="l").terminal(compact=True)


@app.command()
def revoke(
    context: typer.Context,
    person: Annotated[str | None, typer.Option(help="every login link and session of theirs")] = None,
    gateway: Annotated[str | None, typer.Option(help="every token that this machine writes with")] = None,
) -> None:
    """Void all tokens of a person or a machine, at once."""
    wish = {"person": person, "gateway": gateway}
    count = context_of(context).ask("POST", "/api/v1/tokens/revoke", wish)["tokens"]
    typer.echo(f"{count} tokens of {person or gateway} are void")

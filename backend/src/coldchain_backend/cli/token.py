"""`token create|list|renew|revoke`: let a person in, or a machine write."""

import sys
from typing import Annotated

import segno
import typer
from rich.console import Console
from rich.table import Table

from coldchain.errors import InvalidInput
from coldchain_backend.access import Role
from coldchain_backend.cli.context import Document, context_of

EXAMPLES = """Examples:

coldchain-backend token create --person wang.li   # a login link of a user

coldchain-backend token create --person "Wall screen" --role viewer --days 90

coldchain-backend token create --gateway truck-1

coldchain-backend token renew 3f9a0c12be77 --overlap-hours 48

coldchain-backend token revoke 3f9a0c12be77"""
app = typer.Typer(help="Tokens of people and machines.", no_args_is_help=True, epilog=EXAMPLES)


@app.command()
def create(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    *,
    person: Annotated[str | None, typer.Option(help="a user's id, or a name; prints a login link")] = None,
    role: Annotated[
        Role | None, typer.Option(help="what it allows at most; left out: what the user may, or viewer")
    ] = None,
    gateway: Annotated[str | None, typer.Option(help="prints a token that may write")] = None,
    days: Annotated[int | None, typer.Option(help="how long it is good; left out: a person's a year")] = None,
    label: Annotated[str, typer.Option(help="what it is for; stands in the list")] = "",
) -> None:
    """Make a token and show it, once."""
    wish = {"person": person, "role": role, "gateway": gateway, "days": days, "label": label}
    made = context_of(context).ask("POST", "/api/v1/tokens", wish)
    _show(made, f"token of {gateway}", f"login link of {person}")


@app.command("list")
def listed(context: typer.Context) -> None:
    """Every token and login link, the newest first; none is shown itself."""
    items = context_of(context).ask("GET", "/api/v1/tokens").get("items")
    table = Table("id", "of", "role", "for", "made", "good", "last used", box=None)
    for one in items if isinstance(items, list) else []:
        machine = one["gateway"] is not None
        table.add_row(
            one["id"],
            one["gateway"] if machine else one["person"],
            "writes" if machine else one["role"] or "-",
            one["label"] or "-",
            _minute(one["made"]),
            "until " + ("revoked" if one["expires"] is None else _minute(one["expires"])),
            "never" if one["used"] is None else _minute(one["used"]),
        )
    Console(width=None if sys.stdout.isatty() else 200, highlight=False).print(table)


@app.command()
def renew(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="from `token list`")],
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=720, help="so long the old one stays good beside the new one")
    ] = 24.0,
) -> None:
    """Make a token of the same rights in place of one, and show it, once."""
    made = context_of(context).ask("POST", f"/api/v1/tokens/{id}/renew", {"overlap_hours": overlap_hours})
    _show(made, "new token", "new login link")
    typer.echo(f"the old one is good until {made['old_until']}")


@app.command()
def revoke(
    context: typer.Context,
    id: Annotated[str | None, typer.Argument(help="one token, from `token list`")] = None,
    person: Annotated[str | None, typer.Option(help="every login link and session of theirs")] = None,
    gateway: Annotated[str | None, typer.Option(help="every token that this machine writes with")] = None,
) -> None:
    """Void one token, or all tokens of a person or a machine, at once."""
    if sum(one is not None for one in (id, person, gateway)) != 1:
        raise InvalidInput("name one token, a --person or a --gateway")
    if id is not None:
        context_of(context).ask("DELETE", f"/api/v1/tokens/{id}")
        typer.echo(f"token {id} is void")
        return
    wish = {"person": person, "gateway": gateway}
    count = context_of(context).ask("POST", "/api/v1/tokens/revoke", wish)["tokens"]
    typer.echo(f"{count} tokens of {person or gateway} are void")


def _show(made: Document, token: str, link: str) -> None:
    shown = made.get("link")
    if not isinstance(shown, str):
        typer.echo(f"{token}, shown once: {made['token']}")
        return
    typer.echo(f"{link}, shown once: {shown}")
    if sys.stdout.isatty():
        segno.make(shown, error="l").terminal(compact=True)


def _minute(time: object) -> str:
    return str(time)[:16].replace("T", " ")

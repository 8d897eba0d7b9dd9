"""`gateways list|code|revoke|declare-lost`."""

from typing import Annotated
from urllib.parse import quote

import typer

from coldchain_backend.cli.context import context_of
from coldchain_backend.cli.times import time_of

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
    *,
    reason: Annotated[str, typer.Option(help="why; stands in the ledger")],
    since: Annotated[
        str,
        typer.Option("--from", help="what was received from then on counts no more; default: now"),
    ] = "",
    key: Annotated[str, typer.Option(help="one fingerprint; default: every key of the gateway")] = "",
) -> None:
    """Refuse everything that this gateway's key sends from now on, or that was received from --from on.

    What was received before stands. What came later stays in the ledger and counts as unknown time:
    excursions and verdicts get a new revision that names this act.

    Example:

    coldchain-backend gateways revoke truck-1 --from 2026-11-03T22:00+08:00 --reason "stolen with the vehicle"
    """
    wish: dict[str, object] = {"reason": reason}
    if since:
        wish["from"] = time_of(since, "--from").isoformat()
    if key:
        wish["key"] = key
    answer = context_of(context).ask("POST", f"/api/v1/gateways/{quote(name, safe='')}/revoke", wish)
    keys = answer.get("keys")
    typer.echo(f"{name} is revoked: {', '.join(keys) if isinstance(keys, list) else ''}")


@app.command("declare-lost")
def declare_lost(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    name: str,
    *,
    key: Annotated[str, typer.Option(help="fingerprint of the key that sealed them")],
    run: Annotated[str, typer.Option(help="the run they belong to")],
    first: Annotated[int, typer.Option(min=1, help="the first number")],
    last: Annotated[int, typer.Option(min=1, help="the last number")],
    reason: Annotated[str, typer.Option(help="why; stands in the ledger")],
) -> None:
    """Say that numbers of a run will never come: their time stays unknown, and nothing waits for them.

    `verify --json` lists missing numbers with key and run.

    Example:

    coldchain-backend gateways declare-lost truck-1 --key 0a29… --run r7 --first 4 --last 9 --reason "burnt"
    """
    lost = {"key": key, "run": run, "first": first, "last": last, "reason": reason}
    context_of(context).ask("POST", f"/api/v1/gateways/{quote(name, safe='')}/declare-lost", lost)
    typer.echo(f"{name}: {run} {first}-{last} are declared lost")

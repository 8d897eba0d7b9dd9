"""`receiver list|test|enable`: how receivers stand, trying one, telling one again that was switched off."""

from typing import Annotated, Final
from urllib.parse import quote

import typer

from coldchain_backend.cli.context import context_of

app = typer.Typer(help="Who is told: how they stand, and trying them.", no_args_is_help=True)

EXAMPLES: Final = """\b
Examples:
  coldchain-backend receiver test dispatch
  coldchain-backend receiver list
"""


@app.command("list")
def listed(context: typer.Context) -> None:
    """Receivers of the fleet in force: channel, rate, how they do, how the last test went, what waits."""
    answer = context_of(context).ask("GET", "/api/v1/receivers")
    items = answer.get("items")
    for one in items if isinstance(items, list) else []:
        test = "never tested"
        if one["tested"]:
            test = f"tested {one['tested']}: {'arrived' if one['test_arrived'] else 'did not arrive'}"
        counts = "  ".join(f"{name} {one[name]}" for name in ("queued", "held", "dead") if one[name])
        how = str(one["standing"])
        if one["failing_since"]:
            how += f", NOT REACHED since {one['failing_since']} ({one['failing']})"
        typer.echo(f"{one['name']}  {one['channel']}  {one['rate']}  {how}  {test}  {counts}".rstrip())


@app.command(epilog=EXAMPLES)
def test(context: typer.Context, name: str) -> None:
    """Send the longest message there could be to a receiver, now, and say what came of it.

    It says in its text that it is a test. Tells also where the links in it cannot be opened from outside.
    Exit status 1 where it did not arrive.
    """
    answer = context_of(context).ask("POST", f"/api/v1/receivers/{quote(name, safe='')}/test", {})
    arrived = bool(answer["arrived"])
    typer.echo(
        f"{name} ({answer['channel']}): {'arrived' if arrived else 'DID NOT ARRIVE'}"
        f" after {answer['took_ms']} ms: {answer['detail']}"
    )
    notes = answer["notes"]
    for note in notes if isinstance(notes, list) else []:
        typer.echo(f"note: {note}")
    if not arrived:
        raise typer.Exit(1)


@app.command()
def enable(
    context: typer.Context,
    name: str,
    *,
    reason: Annotated[str, typer.Option(help="why; stands in the ledger")],
) -> None:
    """Tell a receiver again that said it was gone (HTTP 410); what was held for it goes out."""
    context_of(context).ask("POST", f"/api/v1/receivers/{quote(name, safe='')}/enable", {"reason": reason})
    typer.echo(f"{name} is told again")

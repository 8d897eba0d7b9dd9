"""`deliveries list|show|replay`: what became of what was told, and sending some of it again."""

import json
from typing import Annotated, Final
from urllib.parse import quote, urlencode

import typer

from coldchain.errors import InvalidInput
from coldchain_backend.cli.context import Document, context_of
from coldchain_backend.cli.times import time_of

app = typer.Typer(help="What was told to receivers: looked at, sent again.", no_args_is_help=True)

LIST: Final = """\b
Examples:
  coldchain-backend deliveries list --state dead
  coldchain-backend deliveries list --receiver dispatch --from 2026-11-28T00:00+08:00
"""
REPLAY: Final = """\b
Examples:
  coldchain-backend deliveries replay --receiver dispatch --from 2026-11-28 --reason "the robot was off"
  coldchain-backend deliveries replay --id msg_0123456789abcdef01234567 --reason "asked again"
"""
Receiver = Annotated[str | None, typer.Option(help="of this receiver only")]
Alert = Annotated[str | None, typer.Option(help="of this alert only")]
From = Annotated[str | None, typer.Option("--from", help="queued at or after, ISO 8601")]
To = Annotated[str | None, typer.Option("--to", help="queued before, ISO 8601")]


@app.command("list", epilog=LIST)
def listed(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    *,
    receiver: Receiver = None,
    alert: Alert = None,
    state: Annotated[str | None, typer.Option(help="queued, delivered, dead or held")] = None,
    from_: From = None,
    to: To = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="at most so many")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Tellings, the newest first."""
    asked = _filters(receiver, alert, state, from_, to)
    answer = context_of(context).ask("GET", f"/api/v1/deliveries?{urlencode({**asked, 'limit': limit})}")
    items = answer.get("items")
    if as_json:
        typer.echo(json.dumps(items, ensure_ascii=False, indent=1))
        return
    for one in items if isinstance(items, list) else []:
        said = one["last_error"] or ""
        typer.echo(
            f"{one['id']}  {one['queued']}  {one['state']:<9}  {one['receiver']}  {one['alert']}"
            f" #{one['sequence']}  attempts {one['attempts']}  {said}".rstrip()
        )


@app.command()
def show(context: typer.Context, delivery: str) -> None:
    """One telling: its document and every attempt with what came of it."""
    answer = context_of(context).ask("GET", f"/api/v1/deliveries/{quote(delivery, safe='')}")
    typer.echo(json.dumps(answer["delivery"], ensure_ascii=False, indent=1))
    attempts = answer["attempts"]
    for one in attempts if isinstance(attempts, list) else []:
        typer.echo(f"{one['number']:>4}  {one['at']}  {one['outcome']:<9}  {one['detail']}")
    typer.echo(str(answer["document"]))


@app.command(epilog=REPLAY)
def replay(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    *,
    id: Annotated[list[str] | None, typer.Option("--id", help="this one; may be given again")] = None,
    receiver: Receiver = None,
    alert: Alert = None,
    state: Annotated[str, typer.Option(help="dead, or delivered to send what arrived once more")] = "dead",
    from_: From = None,
    to: To = None,
    reason: Annotated[str, typer.Option(help="why; stands in the ledger")],
) -> None:
    """Send again, under the same ids: receivers that keep ids ignore what they have already.

    Exit status 1 where nothing matches.
    """
    wish: dict[str, object] = {**_filters(receiver, alert, state, from_, to), "reason": reason}
    if id:
        wish["ids"] = id
    answer: Document = context_of(context).ask("POST", "/api/v1/deliveries/replay", wish)
    typer.echo(f"{answer['count']} queued again")
    if not answer["count"]:
        raise typer.Exit(1)


def _filters(
    receiver: str | None, alert: str | None, state: str | None, from_: str | None, to: str | None
) -> dict[str, str]:
    if state is not None and state not in ("queued", "delivered", "dead", "held"):
        raise InvalidInput(f"{state!r} is not one of: queued, delivered, dead, held")
    times = {"from": from_, "to": to}
    given = {"receiver": receiver, "alert": alert, "state": state}
    given |= {
        name: None if text is None else time_of(text, f"--{name}").isoformat() for name, text in times.items()
    }
    return {name: value for name, value in given.items() if value is not None}

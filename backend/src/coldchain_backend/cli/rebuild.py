"""`rebuild`: make everything that is derived again from the ledger."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from coldchain_backend.alerts import alert_document
from coldchain_backend.cli.context import context_of
from coldchain_backend.config import Settings
from coldchain_backend.ledger import ActName, FileLedger, Json, act_record, open_ledger
from coldchain_backend.recovery import Outcome, Rebuild
from coldchain_runtime.clock import SystemClock

SHOWN: Final = 50


def rebuild(
    context: typer.Context,
    *,
    check: Annotated[bool, typer.Option("--check", help="compare only; leave the database as it is")] = False,
    accept: Annotated[str, typer.Option(help="swap although it differs, for this reason")] = "",
    by: Annotated[str, typer.Option(help="with --accept: who takes the responsibility")] = "",
) -> None:
    """Judge the whole ledger again beside the database, compare field by field, and swap.

    The server must be stopped. Where something differs, the differences are named and nothing is changed,
    exit status 1; with --accept a record of the ledger names who accepted them and why, and alerts that
    people were told of and that no longer exist are told as withdrawn. No telling is queued or deleted,
    acknowledgements stay. The old database stays beside as coldchain.sqlite.before-rebuild; on a server, as a
    schema named with `_before`.

    Examples:

    coldchain-backend rebuild --check

    coldchain-backend rebuild

    coldchain-backend rebuild --accept "profile corrected" --by "Wang Wei"
    """
    if bool(accept) != bool(by):
        raise typer.BadParameter("--accept and --by go together: a reason and a person")
    from coldchain_backend.app.judged import judging_settings  # half a second that other commands do without

    settings = context_of(context).settings
    with _opened(settings) as ledger:
        work = Rebuild(settings.data_dir, ledger, judging_settings(settings), settings.place)
        outcome = _make(work)
        _tell(outcome)
        if check or (outcome.count and not accept):
            work.drop()
            raise typer.Exit(1 if outcome.count else 0)
        if outcome.count:
            asyncio.run(_accept(ledger, work, outcome, accept, by))
        work.swap()
    typer.echo("the rebuilt database is in place")


@contextmanager
def _opened(settings: Settings) -> Iterator[FileLedger]:
    """The ledger, alone on it. Raises Unavailable while the server runs."""
    folder = settings.data_dir / "ledger" / settings.organisation
    with open_ledger(folder, settings.organisation, SystemClock()) as ledger:
        yield ledger


def _make(work: Rebuild) -> Outcome:
    columns = (TextColumn("rebuild"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("rebuild", total=work.end)
        return work.make(lambda offset: progress.update(task, completed=offset))


async def _accept(ledger: FileLedger, work: Rebuild, outcome: Outcome, reason: str, by: str) -> None:
    """The ledger says who accepted what; alerts that are gone are told as withdrawn when this is judged."""
    gone: list[Json] = [_json(alert_document(alert)) for alert in work.gone()]
    details: dict[str, Json] = {"reason": reason, "differences": outcome.count, "gone": gone}
    await ledger.append([act_record(ActName.REBUILD.value, by, details)])
    typer.echo(f"accepted by {by}; {len(gone)} alerts will be told as withdrawn")


def _json(value: object) -> Json:
    """A document of plain values, as the ledger takes it."""
    if isinstance(value, dict):
        return {str(name): _json(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_json(one) for one in value]
    return value if isinstance(value, str | int | float | bool) else None


def _tell(outcome: Outcome) -> None:
    for one in outcome.differences[:SHOWN]:
        what = f"{one.table} {one.key}" + (f", {one.field}" if one.field else "")
        before = "not there" if one.before is None else one.before
        typer.echo(f"{what}: {before} -> {'gone' if one.after is None else one.after}")
    if outcome.count > SHOWN:
        typer.echo(f"{outcome.count - SHOWN} more differences")
    for telling in outcome.untold:
        typer.echo(f"never queued, and not queued now: {telling}")
    word = f"{outcome.count} differences" if outcome.count else "identical"
    if outcome.fresh:
        word = "nothing derived was there to compare with"
    typer.echo(f"{word}: {outcome.records} records judged, digest {outcome.digest}")

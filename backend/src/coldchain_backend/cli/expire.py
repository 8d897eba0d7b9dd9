"""`expire`: let go of segments of the ledger whose retention is over."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from coldchain.errors import Refused
from coldchain.seal import Key
from coldchain_backend import recovery
from coldchain_backend.cli.context import context_of
from coldchain_backend.identity import load_or_create_key
from coldchain_backend.judging import Settings
from coldchain_backend.ledger import ActName, FileLedger, Json, act_record, open_ledger
from coldchain_runtime.clock import SystemClock


def expire(
    context: typer.Context,
    *,
    by: Annotated[str, typer.Option(help="who takes the responsibility; stands in the ledger")],
    reason: Annotated[str, typer.Option(help="why; stands in the ledger")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
) -> None:
    """Delete the oldest closed segments whose records are all older than the declared retention.

    The server must be stopped, and `[ledger] retention_days` in the configuration must say how long evidence
    has to be kept. A signed stub of each segment and a signed snapshot of what later records rest on stay in
    the ledger, so that it is still verified, and rebuilt from there. Nothing else ever deletes evidence.

    Example:

    coldchain-backend expire --by "Wang Wei" --reason "five years are over" --dry-run
    """
    settings, clock = context_of(context).settings, SystemClock()
    days = settings.config.ledger.retention_days
    if days is None:
        raise Refused("[ledger] retention_days is not declared: nothing is ever let go")
    from coldchain_backend.app.judged import judging_settings  # half a second that other commands do without

    now_ms = clock.now_ms()
    before = datetime.fromtimestamp(now_ms / 1000, UTC) - timedelta(days=days)
    folder = settings.data_dir / "ledger" / settings.organisation
    with open_ledger(folder, settings.organisation, clock) as ledger:
        segments = recovery.due(folder, int(before.timestamp() * 1000))
        for path in segments:
            typer.echo(f"{path.name}: {path.stat().st_size} bytes")
        if not segments or dry_run:
            typer.echo(f"{len(segments)} segments hold only records from before {before:%Y-%m-%d}")
            return
        key, end = load_or_create_key(settings.data_dir), recovery.end_of(folder, segments)
        made = _snapshot(ledger, judging_settings(settings), key, end)
        act: dict[str, Json] = {"reason": reason, "last": end, "retention_days": days, "snapshot": made.name}

        async def record() -> None:
            await ledger.append([act_record(ActName.EXPIRE.value, by, act)])

        asyncio.run(record())
        wish = recovery.Wish(by=by, reason=reason, retention_days=days, now_ms=now_ms)
        recovery.let_go(segments, made, key, wish)
    typer.echo(f"{len(segments)} segments are gone, up to record {end}; their stubs and {made.name} stay")


def _snapshot(ledger: FileLedger, settings: Settings, key: Key, end: int) -> Path:
    columns = (TextColumn("snapshot"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("snapshot", total=end)

        def told(offset: int) -> None:
            progress.update(task, completed=offset)

        return recovery.snapshot(ledger, settings, key, end, told)

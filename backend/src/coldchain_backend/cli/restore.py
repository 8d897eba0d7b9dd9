"""`restore`: come back from a backup."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from coldchain_backend import recovery, sql
from coldchain_backend.cli.backup import Pass, bar, lock_of
from coldchain_backend.cli.context import context_of
from coldchain_backend.config import Settings
from coldchain_backend.ledger import ActName, Json, act_record, open_ledger
from coldchain_runtime.clock import SystemClock


def restore(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    backup: Annotated[Path | None, typer.Argument(help="a set in the folder of backups")] = None,
    *,
    by: Annotated[str, typer.Option(help="who does it; stands in the ledger")] = "",
    reason: Annotated[str, typer.Option(help="why; stands in the ledger")] = "",
    passphrase: Pass = "",
    old_is_off: Annotated[
        bool, typer.Option("--old-is-off", help="confirm that the old backend is off: deliveries go out")
    ] = False,
) -> None:
    """Put a backup into the empty data folder and verify it.

    The ledger gets a record of it. Start the server then: gateways send again what came after the backup.
    Deliveries are held until `restore --old-is-off` confirms that the backend it came from does not tell too.

    Examples:

    coldchain-backend restore /mnt/nas/demo-20261125T023000Z.backup --by "Wang Wei" --reason "disk died"

    coldchain-backend restore --old-is-off --reason "it is unplugged"
    """
    if not reason or (backup is None) is not old_is_off:
        raise typer.BadParameter("give a backup or --old-is-off, and a --reason")
    if old_is_off:
        asked = context_of(context)
        if not asked.ask("GET", "/api/v1/restore")["held"]:
            typer.echo("no deliveries are held here")
            return
        asked.ask("POST", "/api/v1/restore/old-is-off", {"reason": reason})
        typer.echo("deliveries go out again")
        return
    if backup is None or not by:
        raise typer.BadParameter("give --by: who restores it")
    settings = context_of(context).settings
    with bar("restore", backup.stat().st_size) as told:
        restored = recovery.restore(backup, lock_of(settings, passphrase), settings.data_dir, told)
    if settings.config.state is not None:
        sql.take_in(settings.place)
    asyncio.run(_record(settings, backup.name, restored, by, reason))
    report = restored.report
    typer.echo(f"{report.answer}: {report.records} records, judged up to {restored.judged}")
    typer.echo("deliveries are held: confirm with `restore --old-is-off` once the old backend is off")


async def _record(settings: Settings, name: str, restored: recovery.Restored, by: str, reason: str) -> None:
    """The ledger goes on with a record of the restore."""
    folder = settings.data_dir / "ledger" / settings.organisation
    details: dict[str, Json] = {
        "reason": reason, "backup": name, "made_ms": restored.manifest.made_ms, "end": restored.report.last,
    }  # fmt: skip
    with open_ledger(folder, settings.organisation, SystemClock()) as ledger:
        await ledger.append([act_record(ActName.RESTORE.value, by, details)])

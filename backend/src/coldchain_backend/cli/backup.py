"""`backup`: make, list and try out backups."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from coldchain.errors import InvalidInput
from coldchain_backend.cli.context import context_of
from coldchain_backend.config import Settings
from coldchain_backend.recovery import Backup, Lock, listed, prune, read_back, try_out
from coldchain_backend.recovery import Progress as Told
from coldchain_runtime.clock import SystemClock
from coldchain_runtime.secrets import resolve

app = typer.Typer(invoke_without_command=True)
To = Annotated[Path | None, typer.Option("--folder", help="folder of the backups; default: [backup] folder")]
Pass = Annotated[
    str, typer.Option(help="passphrase by reference: file:PATH or env:NAME; default: [backup] passphrase")
]
UNKNOWN: Final = "give --folder and --passphrase, or a [backup] section in the configuration"


@app.callback()
def backup_(context: typer.Context) -> None:
    """Encrypted backups; without a word more one is made as the configuration says."""
    if context.invoked_subcommand is None:
        make(context)


@app.command()
def make(context: typer.Context, folder: To = None, passphrase: Pass = "") -> None:
    """Make a backup now, beside the running server, and read it back.

    It holds the ledger, keys, token hashes and databases. Closed segments of the ledger are put into the
    folder once; keep the folder together.

    Example:

    coldchain-backend backup make --folder /mnt/nas/coldchain --passphrase file:pass
    """
    settings = context_of(context).settings
    target, lock = folder_of(settings, folder), lock_of(settings, passphrase)
    work = Backup(settings.data_dir, settings.organisation, target, lock, settings.place)
    with bar("backup", work.size()) as told:
        path = work.make(SystemClock().now_ms(), told)
    read_back(path, lock)
    if settings.config.backup is not None:
        prune(target, settings.config.backup.keep)
    typer.echo(f"{path}: {path.stat().st_size} bytes, read back")


@app.command("list")
def list_(context: typer.Context, folder: To = None) -> None:
    """All backups of the folder, newest first."""
    found = listed(folder_of(context_of(context).settings, folder))
    for one in found:
        at = datetime.fromtimestamp(one.made_ms // 1000, UTC)
        typer.echo(one.fault or f"{one.path.name}  {at:%Y-%m-%d %H:%M} UTC  {one.bytes} bytes")
    if not found:
        typer.echo("no backup")


@app.command("test")
def try_(
    context: typer.Context,
    backup: Annotated[Path | None, typer.Argument(help="the set; default: the newest")] = None,
    folder: To = None,
    passphrase: Pass = "",
) -> None:
    """Restore into a folder that is deleted again, and verify what came back."""
    settings = context_of(context).settings
    path = backup or newest(folder_of(settings, folder))
    with bar("test", path.stat().st_size) as told:
        restored = try_out(path, lock_of(settings, passphrase), settings.data_dir.parent, told)
    report = restored.report
    typer.echo(f"{path.name}: {report.answer}: {report.records} records, judged up to {restored.judged}")


@contextmanager
def bar(what: str, total: int) -> Iterator[Told]:
    """A progress bar of bytes."""
    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda size: progress.advance(task, size)


def folder_of(settings: Settings, folder: Path | None) -> Path:
    """The folder of the backups."""
    if folder is not None:
        return folder
    if settings.config.backup is None:
        raise InvalidInput(UNKNOWN)
    return settings.folder / settings.config.backup.folder


def lock_of(settings: Settings, passphrase: str) -> Lock:
    """What opens them."""
    if passphrase:
        return Lock.of(resolve(passphrase, Path.cwd()))
    if settings.config.backup is None:
        raise InvalidInput(UNKNOWN)
    return Lock.of(resolve(settings.config.backup.passphrase, settings.folder))


def newest(folder: Path) -> Path:
    """The newest set."""
    for one in listed(folder):
        if not one.fault:
            return one.path
    raise InvalidInput(f"{folder}: no backup here")

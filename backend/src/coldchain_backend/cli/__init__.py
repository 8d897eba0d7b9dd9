"""`coldchain-backend serve|fleet|token|gateways|judge|profiles|verify|rebuild|backup|restore|checkpoint|…`.

Exit statuses: 0 done, 1 tried and not true, or failed, 2 the command, configuration or fleet file is wrong.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from coldchain.errors import ColdchainError, ConfigError
from coldchain_backend.cli import (
    archive,
    backup,
    check_rollups,
    checkpoint,
    deliveries,
    evidence,
    expire,
    fleet,
    follow,
    gateways,
    judge,
    migrate,
    mirror,
    muted,
    profiles,
    ready,
    rebuild,
    receiver,
    restore,
    route,
    rules,
    serve,
    status,
    token,
    user,
    verify,
)
from coldchain_backend.cli.context import Context
from coldchain_runtime.output import fault_text, spoken

app = typer.Typer(
    help="Coldchain backend: evidence, judging, alerts, page.", no_args_is_help=True, add_completion=False
)
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(evidence.app, name="evidence")
app.add_typer(fleet.app, name="fleet")
app.add_typer(follow.app, name="follow")
app.add_typer(gateways.app, name="gateways")
app.add_typer(mirror.app, name="mirror")
app.add_typer(muted.app, name="muted")
app.add_typer(profiles.app, name="profiles")
app.add_typer(receiver.app, name="receiver")
app.add_typer(route.app, name="route")
app.add_typer(rules.app, name="rules")
app.add_typer(token.app, name="token")
app.add_typer(user.app, name="user")
app.command("serve")(serve.serve)
app.command("status", epilog=status.EXAMPLES)(status.status)
app.command("judge", epilog=judge.EXAMPLES)(judge.judge)
app.command("ready", epilog=ready.EXAMPLES)(ready.ready)
app.command("verify")(verify.verify)
app.command("check-rollups")(check_rollups.check_rollups)
app.add_typer(backup.app, name="backup")
app.command("expire")(expire.expire)
app.command("archive")(archive.archive)
app.command("restore")(restore.restore)
app.command("rebuild")(rebuild.rebuild)
app.command("migrate")(migrate.migrate)
app.command("checkpoint")(checkpoint.checkpoint)


@app.callback()
def configured(
    context: typer.Context,
    config: Annotated[Path, typer.Option(help="the configuration file")] = Path("backend.toml"),
) -> None:
    """Remember which configuration the command is for."""
    context.obj = Context(config=config)


def main() -> None:
    """The command line; errors are one line each."""
    sys.exit(spoken(_obeyed))


def _obeyed() -> int:
    """Run the command; returns its exit status. An output that nobody reads any more is no error of it."""
    try:
        app()
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # so typer and rich end
            raise ended.__context__ from None
        raise
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (ColdchainError, OSError) as error:
        sys.stderr.write(f"coldchain-backend: {fault_text(error)}\n")
        return 1
    return 0

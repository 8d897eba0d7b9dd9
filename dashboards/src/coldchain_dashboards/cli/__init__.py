"""`coldchain-dashboards build|check|sync`.

Exit codes: 0 done, 1 failed or something is wrong, 2 wrong usage, 3 done but for what a person changed.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from coldchain.errors import ColdchainError, InvalidInput
from coldchain_dashboards.board import CONSOLE
from coldchain_dashboards.cli import build, check, sync
from coldchain_runtime.output import fault_text, reader_left, spoken

EXAMPLES: Final = """examples:
  coldchain-dashboards build --into dashboards            JSON files, to be imported by hand
  coldchain-dashboards build --provisioning grafana       a folder from which Grafana takes them at its start
  coldchain-dashboards check                              ask every query of every panel: rows and shape
  coldchain-dashboards sync --dry-run                     what would be done in Grafana
  coldchain-dashboards sync --console https://cold.example.com

INFLUX_URL, INFLUX_BUCKET, INFLUX_TOKEN, GRAFANA_URL, GRAFANA_TOKEN stand in for the options of these names.
Tokens are never given as arguments: use the environment or --…-token-file.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return spoken(lambda: _obeyed(arguments))


def _obeyed(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except InvalidInput as error:
        sys.stderr.write(f"coldchain-dashboards: {error}\n")
        return 2
    except (ColdchainError, OSError) as error:
        if reader_left(error):
            raise
        sys.stderr.write(f"coldchain-dashboards: {fault_text(error)}\n")
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coldchain-dashboards",
        description="Coldchain's Grafana dashboards: build them, check their queries, bring them to Grafana.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module, says in (
        ("build", build, "write the dashboards as files"),
        ("check", check, "ask InfluxDB every query of every panel; compare the files with the code"),
        ("sync", sync, "bring folder, data source and dashboards to Grafana"),
    ):
        command = commands.add_parser(
            name, help=says, description=module.__doc__, epilog=EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        command.add_argument(
            "--console", default=CONSOLE, metavar="URL", help="public address of the backend, for links"
        )
        module.arguments(command)
        command.set_defaults(run=module.run)
    return parser

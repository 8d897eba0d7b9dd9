"""Write the dashboards as JSON files, or as a folder from which Grafana takes them at its start."""

import argparse
import sys
from pathlib import Path

from coldchain_dashboards.generate import GENERATED, write
from coldchain_dashboards.provisioning import PLACE, write_provisioning


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument(
        "--into",
        type=Path,
        default=GENERATED,
        metavar="DIR",
        help="where to write (default: beside the code)",
    )
    parser.add_argument(
        "--provisioning", type=Path, metavar="DIR", help="write a provisioning folder instead of bare files"
    )
    parser.add_argument(
        "--grafana-path", default=PLACE, metavar="PATH",
        help=f"with --provisioning: where Grafana will see that folder (default: {PLACE})",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Write; 0."""
    if options.provisioning is not None:
        written = write_provisioning(
            options.provisioning, console=options.console, place=options.grafana_path
        )
    else:
        written = write(options.into, console=options.console)
    sys.stdout.write("".join(f"{path}\n" for path in written))
    return 0

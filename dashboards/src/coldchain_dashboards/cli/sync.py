"""Bring folder, data source and dashboards to a Grafana, as often as you like.

What a person changed or what is somebody else's is named and left as it is; --force replaces changed
dashboards of ours (their versions stay in Grafana) and never anything else. The token is that of a service
account: role Admin brings all, Editor brings dashboards to a data source that is there (--use-datasource).
Exit code 3 where something was kept because a person changed it.
"""

import argparse
import os
import sys
from pathlib import Path

from coldchain.errors import InvalidInput, Refused
from coldchain.words import Language
from coldchain_dashboards.board import DATASOURCE
from coldchain_dashboards.cli.servers import influx_arguments, influx_of, secret
from coldchain_dashboards.documents import Document
from coldchain_dashboards.generate import documents
from coldchain_dashboards.grafana import GrafanaServer
from coldchain_dashboards.sync import Fate, Step, Wanted, carry_out, data_source, plan

FOLDER = "Coldchain"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    influx_arguments(parser)
    parser.add_argument("--grafana-url", metavar="URL", default=os.environ.get("GRAFANA_URL", ""))
    parser.add_argument("--grafana-token-file", type=Path, metavar="FILE")
    parser.add_argument(
        "--folder", default=FOLDER, help=f"title of the folder when it is made (default: {FOLDER})"
    )
    parser.add_argument(
        "--datasource-name",
        default=DATASOURCE,
        metavar="NAME",
        help="name of the data source that is brought",
    )
    parser.add_argument(
        "--datasource-url",
        default="",
        metavar="URL",
        help="InfluxDB as Grafana reaches it (default: --influx-url)",
    )
    parser.add_argument(
        "--use-datasource", default="", metavar="NAME", help="bring none; use this one, which is there"
    )
    parser.add_argument(
        "--language",
        choices=[*(one.value for one in Language), "both"],
        default="both",
        help="which dashboards",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, change nothing")
    parser.add_argument("--force", action="store_true", help="replace what a person changed of ours")


def run(options: argparse.Namespace) -> int:
    """Bring everything; 3 where something was kept, 1 where nothing could be done."""
    token = secret(options.grafana_token_file, "GRAFANA_TOKEN")
    if not options.grafana_url or not token:
        raise InvalidInput("no Grafana named: give --grafana-url or GRAFANA_URL, and GRAFANA_TOKEN or a file")
    grafana = GrafanaServer(options.grafana_url, token)
    wanted = _wanted(options)
    found = grafana.find(wanted.dashboards)
    _check_source(options.use_datasource, [str(one.get("name")) for one in found.sources.values()])
    steps = plan(wanted, found)
    if not options.dry_run:
        carry_out(wanted, found, grafana, steps)
    for step in steps:
        sys.stdout.write(_told(step, dry=options.dry_run))
    fates = {step.fate for step in steps}
    if Fate.REFUSED in fates:
        raise Refused("nothing was changed: see `refused` above")
    return 3 if Fate.KEPT in fates else 0


def _wanted(options: argparse.Namespace) -> Wanted:
    name = options.use_datasource or options.datasource_name
    boards = {
        uid: document
        for uid, document in documents(console=options.console, source=name).items()
        if options.language == "both" or uid.endswith(f"-{options.language}")
    }
    source: Document | None = None
    secrets: dict[str, str] = {}
    if not options.use_datasource:
        influx = influx_of(options)
        url = options.datasource_url.rstrip("/") or influx.url
        source, secrets = data_source(name, url, influx.database, influx.token)
    return Wanted(
        folder=options.folder, dashboards=boards, source=source, secrets=secrets, force=options.force
    )


def _check_source(name: str, there: list[str]) -> None:
    if name and name not in there:
        raise InvalidInput(
            f"no data source {name!r} in this Grafana; there are: {', '.join(there) or 'none'}"
        )


def _told(step: Step, *, dry: bool) -> str:
    fate = f"would be {step.fate}" if dry and step.fate in (Fate.CREATED, Fate.UPDATED) else step.fate.value
    return (
        f"{fate:16} {step.kind:12} {step.title} ({step.uid})"
        + (f": {step.reason}" if step.reason else "")
        + "\n"
    )

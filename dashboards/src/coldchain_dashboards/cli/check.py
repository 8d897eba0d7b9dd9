"""Ask InfluxDB every query of every panel: does it have rows, of the shape that the panel draws?

Also compares the committed dashboard files with what the code makes. A panel whose event has not happened yet
("an alarm goes on") is rightly empty: it is marked --, with what would fill it. Exit code 1 where a query
fails, has another shape, or has no rows although it always should; with --all, 3 where nothing is wrong but
panels are empty.
"""

import argparse
import sys
import time

from coldchain.words import Language
from coldchain_dashboards.check import Asked, Asking
from coldchain_dashboards.cli.servers import influx_arguments, influx_of
from coldchain_dashboards.generate import drift


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    influx_arguments(parser)
    parser.add_argument(
        "--zone", default="", metavar="ID", help="of the board of one zone (default: the first)"
    )
    parser.add_argument("--since", default="", metavar="24h", help="time range (default: each board's own)")
    parser.add_argument("--all", action="store_true", help="exit code 3 where a panel is empty")
    parser.add_argument("--drift-only", action="store_true", help="compare the files only, ask no InfluxDB")


def run(options: argparse.Namespace) -> int:
    """Ask and compare; 1 where something is wrong."""
    different = drift()
    for name in different:
        sys.stdout.write(f"NO  {name} is not what the code makes; run: coldchain-dashboards build\n")
    wrong, empty = (0, 0) if options.drift_only else _ask(options)
    if not different:
        sys.stdout.write("ok  the dashboard files are what the code makes\n")
    if different or wrong:
        return 1
    return 3 if options.all and empty else 0


def _ask(options: argparse.Namespace) -> tuple[int, int]:
    """How many queries have something wrong, and how many are rightly empty."""
    asking = Asking(
        influx=influx_of(options),
        now_ms=time.time_ns() // 1_000_000,
        language=Language.EN,
        zone=options.zone,
        since=options.since,
    )
    queries = rows = wrong = empty = 0
    for asked in asking.boards():
        sys.stdout.write(told(asked))
        sys.stdout.flush()
        queries, rows = queries + 1, rows + asked.rows
        wrong, empty = wrong + bool(asked.problem), empty + bool(asked.not_yet)
    sys.stdout.write(
        f"{'NO' if wrong else 'ok'}  {queries} queries, {rows} rows, {wrong} with something wrong, "
        f"{empty} empty because nothing of the kind has happened\n"
    )
    return wrong, empty


def told(asked: Asked) -> str:
    """One line about one query."""
    mark = "NO" if asked.problem else "--" if asked.not_yet else "ok"
    name = f"{asked.panel} {asked.letter}"
    said = asked.problem or asked.not_yet
    return f"{mark}  {asked.board:24} {name:40} {asked.rows:7} rows  {said}".rstrip() + "\n"

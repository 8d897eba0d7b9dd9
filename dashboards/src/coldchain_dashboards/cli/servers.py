"""Where InfluxDB and Grafana are: options, and the environment for what is not given."""

import argparse
import os
from pathlib import Path

from coldchain.errors import InvalidInput
from coldchain_dashboards.influx import Influx


def influx_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that say where the mirror is."""
    parser.add_argument("--influx-url", metavar="URL", default=os.environ.get("INFLUX_URL", ""))
    parser.add_argument(
        "--bucket", metavar="NAME", default=os.environ.get("INFLUX_BUCKET", "coldchain"),
        help="bucket of InfluxDB 2, database of InfluxDB 1 (default: coldchain)",
    )  # fmt: skip
    parser.add_argument("--influx-token-file", type=Path, metavar="FILE")


def influx_of(options: argparse.Namespace) -> Influx:
    """The InfluxDB that the options name; InvalidInput when they name none."""
    if not options.influx_url:
        raise InvalidInput("no InfluxDB named: give --influx-url or INFLUX_URL")
    return Influx(
        url=options.influx_url.rstrip("/"),
        database=options.bucket,
        token=secret(options.influx_token_file, "INFLUX_TOKEN"),
    )


def secret(file: Path | None, variable: str) -> str:
    """What a file holds, or else the environment; empty where neither says anything."""
    if file is not None:
        return file.read_text("utf-8").strip()
    return os.environ.get(variable, "").strip()

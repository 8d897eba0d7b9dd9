"""`checkpoint`: a signed statement to keep elsewhere."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from coldchain_backend.cli.context import context_of
from coldchain_runtime.durable import write_file_atomic


def checkpoint(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="write it to this file; default: print it")] = None,
) -> None:
    """Sign the head of the log and every gateway's last number, to keep on paper or on another machine.

    Later, `verify --checkpoint FILE` tells whether the end was cut off or written anew since then.
    """
    data = orjson.dumps(context_of(context).ask("GET", "/api/v1/checkpoint"), option=orjson.OPT_SORT_KEYS)
    if out is None:
        typer.echo(data.decode())
    else:
        write_file_atomic(out, data)
        typer.echo(f"written to {out}")

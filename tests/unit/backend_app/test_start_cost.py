"""What a start of the server pays for: nothing that only a change of format, a report or a receiver needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from coldchain_backend.sql import open_database

NOT_NEEDED = (
    "alembic",  # and with it mako: only where a step from format to format is due
    "mako",
    "apprise",  # only where a receiver is told through it
    "influxdb_client",
    "psycopg",  # only where the state stands on a server
    "matplotlib",
    "numpy",
    "fpdf",
    "typst",
    "pytest",
    "IPython",
)
START = (
    "import sys, pathlib, coldchain_backend.__main__, coldchain_backend.app;"
    "from coldchain_backend.sql import open_database;"
    "open_database(pathlib.Path(sys.argv[1])).close();"
    "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
)


def test_a_start_on_a_database_of_this_format_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    path = tmp_path / "coldchain.sqlite"
    open_database(path).close()
    done = subprocess.run(
        [sys.executable, "-c", START, str(path)], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert {"coldchain_backend", "fastapi", "sqlalchemy"} <= loaded, "this is the server"
    assert not loaded & set(NOT_NEEDED)

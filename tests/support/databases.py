"""Databases as a new organisation has them: the tables are made once, then copied."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from coldchain_backend.sql import Database, open_database


@cache
def _empty() -> Path:
    """Every table and no row, by all steps of the migrations."""
    path = Path(tempfile.mkdtemp(prefix="coldchain-test-")) / "empty.sqlite"
    open_database(path).close()
    return path


def empty_database(path: Path) -> Database:
    """An empty database in a file that was not there before."""
    shutil.copy(_empty(), path)
    return Database(path)

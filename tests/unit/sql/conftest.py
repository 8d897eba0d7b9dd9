"""A state in a file; the same suites have one on a server in tests/integration/postgresql."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coldchain_backend.sql import Database
from support.databases import empty_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = empty_database(tmp_path / "coldchain.sqlite")
    yield database
    database.close()

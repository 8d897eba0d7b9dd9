"""A server for all tests of the session, a database for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coldchain_backend.sql import Database, Place
from support.postgres import Postgres


@pytest.fixture
def place(postgres: Postgres, tmp_path: Path) -> Iterator[Place]:
    """A place on the server with the tables of this version."""
    name = postgres.ready(tmp_path)
    yield postgres.place(tmp_path, name)
    postgres.drop(name)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    """A state on the server, open."""
    with place.opened() as database:
        yield database

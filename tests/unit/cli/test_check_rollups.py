"""`check-rollups` beside a data folder: equal, or the cell by name and exit status 1."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coldchain_backend.cli import app
from coldchain_backend.sql import DATABASE_FILE, settle
from coldchain_backend.sql.rows import inflated
from support.judged_log import HOUR, MINUTE, ORGANISATION, T0, Log, plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder whose database has six folded hours."""
    log = Log(tmp_path)
    log.fleet(plan({"s": MINUTE}, gateways=()))
    log.at(T0 + 7 * HOUR)
    log.say(*[("s", T0 + n * MINUTE, 4.0 + n % 7) for n in range(6 * 60 + 5)])
    while log.judging.fold():
        pass
    settle(log.database)
    shutil.copy(log.path, tmp_path / DATABASE_FILE)
    log.close()
    (tmp_path / "backend.toml").write_text(
        f'[backend]\norganisation = "{ORGANISATION}"\ndata_dir = "{tmp_path}"\n', "utf-8"
    )
    return tmp_path


def run(folder: Path) -> tuple[int, str]:
    told = CliRunner().invoke(app, ["--config", str(folder / "backend.toml"), "check-rollups"])
    return told.exit_code, told.output


def test_equal_cells_are_told_with_their_number(folder: Path) -> None:
    status, told = run(folder)
    assert (status, "equal: 6 hours" in told) == (0, True), told


def test_a_cell_that_differs_is_named_with_what_was_stored_and_what_the_readings_say(folder: Path) -> None:
    with sqlite3.connect(folder / DATABASE_FILE) as connection:
        connection.execute("DELETE FROM account_day")
        [stored] = connection.execute("SELECT quarters FROM account_hour WHERE hour_ms = ?", (T0 + HOUR,))
        wrong = inflated(stored[0]).replace(b'"sums":[15,', b'"sums":[16,')
        connection.execute("UPDATE account_hour SET quarters = ? WHERE hour_ms = ?", (wrong, T0 + HOUR))
    status, told = run(folder)
    assert status == 1
    assert "s temperature: quarter from 2026-11-22T21:00:00.000Z" in told
    assert "sums: stored [16," in told


def test_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "backend.toml").write_text(
        f'[backend]\norganisation = "{ORGANISATION}"\ndata_dir = "{tmp_path}"\n', "utf-8"
    )
    told = CliRunner().invoke(app, ["--config", str(tmp_path / "backend.toml"), "check-rollups"])
    assert "no database here" in str(told.exception)

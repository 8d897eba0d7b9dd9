"""What is derived can be made again from the ledger, and nothing is sent by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from coldchain.errors import IntegrityError
from coldchain_backend.alerts import AlertState, alert_document
from coldchain_backend.judging import Judging
from coldchain_backend.ledger import Json, act_record
from coldchain_backend.recovery import Outcome, Rebuild
from coldchain_backend.sql import Books, Database, digest, schema
from support.judged_folder import SETTINGS, JudgedFolder, append


@pytest.fixture
def folder(tmp_path: Path) -> JudgedFolder:
    folder = JudgedFolder(tmp_path / "data")
    folder.live()
    return folder


@contextmanager
def opened(folder: JudgedFolder) -> Iterator[Rebuild]:
    with folder.ledger() as ledger:
        yield Rebuild(folder.data_dir, ledger, SETTINGS)


def rebuilt(folder: JudgedFolder) -> Outcome:
    """Rebuild and swap, whatever differs."""
    with opened(folder) as work:
        outcome = work.make(lambda _: None)
        work.swap()
        return outcome


def kept(database: Database) -> list[tuple[object, ...]]:
    with database.read() as connection:
        return [
            tuple(row)
            for table in (schema.delivery, schema.delivery_attempt)
            for row in connection.execute(select(table).order_by(*table.primary_key))
        ]


def forget_all_derived(database: Database) -> None:
    with database.write() as connection, connection.begin():
        for table in schema.metadata.sorted_tables:
            if table.info["origin"] == "derived":
                connection.execute(delete(table))


def test_an_untouched_folder_is_identical(folder: JudgedFolder) -> None:
    told: list[int] = []
    with opened(folder) as work:
        outcome = work.make(told.append)
        work.drop()
    assert (outcome.count, outcome.differences, outcome.fresh) == (0, (), False)
    assert told[-1] == outcome.records > 30


def test_after_deleting_everything_derived_it_is_as_before_and_nothing_is_sent(folder: JudgedFolder) -> None:
    with folder.database() as database:
        before, deliveries = digest(database), kept(database)
        assert len(deliveries) > 2
        forget_all_derived(database)
        assert digest(database) != before
    outcome = rebuilt(folder)
    assert outcome.fresh
    assert outcome.untold == ()
    with folder.database() as database:
        assert digest(database) == before == outcome.digest
        assert kept(database) == deliveries
        with database.read() as connection:
            by, state = connection.execute(select(schema.alert.c.acknowledged_by, schema.alert.c.state)).one()
        assert (by, state) == ("陈静", AlertState.RESOLVED.value)


def test_the_old_database_stays_beside(folder: JudgedFolder) -> None:
    rebuilt(folder)
    assert sorted(path.name for path in folder.data_dir.glob("coldchain.sqlite*")) == [
        "coldchain.sqlite",
        "coldchain.sqlite.before-rebuild",
    ]


def test_a_changed_field_a_missing_and_a_foreign_row_are_named(folder: JudgedFolder) -> None:
    with folder.database() as database, database.write() as connection, connection.begin():
        connection.execute(update(schema.excursion).values(peak=99.0))
        connection.execute(delete(schema.sensor_state).where(schema.sensor_state.c.sensor == "a"))
        connection.execute(text("INSERT INTO revoked_key VALUES ('x', 1)"))
        connection.execute(
            text("UPDATE series_block SET sensor = 'z' WHERE sensor = 'b' AND first_ms % 7 = 0")
        )
    with opened(folder) as work:
        outcome = work.make(lambda _: None)
        work.drop()
    found = {(one.table, one.field, one.before is None, one.after is None) for one in outcome.differences}
    assert ("excursion", "peak", False, False) in found
    assert ("sensor_state", "", True, False) in found
    assert ("revoked_key", "", False, True) in found
    assert ("series_block", "", True, False) in found
    assert outcome.count == len(outcome.differences)


def test_rebuilding_twice_changes_nothing(folder: JudgedFolder) -> None:
    assert rebuilt(folder).digest == rebuilt(folder).digest
    with opened(folder) as work:
        assert work.make(lambda _: None).count == 0


def test_a_ledger_that_was_cut_off_is_refused(folder: JudgedFolder, tmp_path: Path) -> None:
    shorter = JudgedFolder(tmp_path / "shorter")
    shorter.live(minutes=9)
    (shorter.data_dir / "coldchain.sqlite").write_bytes((folder.data_dir / "coldchain.sqlite").read_bytes())
    with opened(shorter) as work, pytest.raises(IntegrityError, match="the ledger ends before record"):
        work.make(lambda _: None)


def invented(folder: JudgedFolder) -> None:
    """As if an earlier version had told of an alert that this one does not find."""
    with folder.database() as database, database.write() as connection, connection.begin():
        row = dict(connection.execute(select(schema.alert)).mappings().one())
        row["id"], row["state"] = "al_invented", AlertState.FIRING.value
        connection.execute(schema.alert.insert().values(row))


def test_an_alert_that_was_told_and_is_gone_is_told_as_withdrawn(folder: JudgedFolder) -> None:
    invented(folder)
    with opened(folder) as work:
        outcome = work.make(lambda _: None)
        (gone,) = work.gone()
        assert (outcome.count, gone.id) == (1, "al_invented")
        work.swap()
    document: Json = plain(alert_document(gone))
    with folder.ledger() as ledger, folder.database() as database:
        act = act_record("rebuild", "王伟", {"reason": "a mistake in version 1", "gone": [document]})
        append(ledger, act)
        books = Books(database)
        before = len(kept(database))
        judging = Judging(books, SETTINGS)
        judging.consume(ledger.read(judging.offset, 100))
        told = kept(database)
        books.close()
        assert len(told) == before + 1
        (body,) = [row for row in told if "al_invented" in map(str, row)]
        assert "alert.withdrawn" in str(body)
    rebuilt(folder)
    with opened(folder) as work:
        assert work.make(lambda _: None).count == 0


def plain(value: object) -> Json:
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    assert value is None or isinstance(value, str | int | float | bool)
    return value

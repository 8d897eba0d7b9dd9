"""The outbox's file: what is opened, what is refused, what is put aside."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coldchain_gateway.outbox import (
    OUTBOX_FILE,
    CorruptOutbox,
    NewerOutbox,
    OutboxFull,
    Remains,
    SqliteOutbox,
    open_outbox,
)
from coldchain_gateway.outbox.chunks import session_number
from coldchain_gateway.outbox.database import (
    ROWS_TOGETHER,
    Database,
    Named,
    blob,
    integer,
    optional_integer,
    queries,
)
from coldchain_gateway.outbox.quarantine import put_aside

OLD = Path(__file__).parents[2] / "data" / "databases" / "outbox-format-1.sqlite"


def changed(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def test_every_query_has_a_sentence() -> None:
    for name, text in queries().items():
        assert text.startswith("-- "), name
        assert text.rstrip().endswith(";"), name


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / OUTBOX_FILE
    SqliteOutbox(path).close()
    changed(path, "PRAGMA user_version = 99")
    with pytest.raises(NewerOutbox, match="format 99"):
        open_outbox(tmp_path)
    assert path.exists()
    assert not (tmp_path / "quarantine").exists()


@pytest.mark.parametrize(
    "statement",
    ["PRAGMA application_id = 5", "DROP TABLE hole", "PRAGMA user_version = 0"],
)
def test_a_file_that_is_no_outbox_is_put_aside(tmp_path: Path, statement: str) -> None:
    path = tmp_path / OUTBOX_FILE
    SqliteOutbox(path).close()
    changed(path, statement)
    opened = open_outbox(tmp_path)
    opened.outbox.close()
    assert opened.quarantined is not None
    assert opened.quarantined.exists()
    assert opened.reason


def test_files_put_aside_never_overwrite_each_other(tmp_path: Path) -> None:
    aside = []
    for number in range(3):
        (tmp_path / OUTBOX_FILE).write_bytes(b"%d" % number)
        (tmp_path / (OUTBOX_FILE + "-wal")).write_bytes(b"wal")
        aside.append(put_aside(tmp_path / OUTBOX_FILE))
    assert [path.read_bytes() for path in aside] == [b"0", b"1", b"2"]
    assert len(list((tmp_path / "quarantine").iterdir())) == 6


def fail_within(database: Database) -> None:
    with database.write() as transaction:
        transaction.run("remember", (1, 2, b"3"))
        raise RuntimeError("the caller's own fault")


def test_a_transaction_that_fails_never_happened(tmp_path: Path) -> None:
    with closing(Database(tmp_path / OUTBOX_FILE)) as database:
        with pytest.raises(RuntimeError):
            fail_within(database)
        with database.read() as transaction:
            assert transaction.row("remembered", (1, 2)) is None
        with database.write() as transaction:
            transaction.run("remember", (1, 2, b"3"))
        with database.read() as transaction:
            assert transaction.row("remembered", (1, 2)) == (b"3",)


def test_a_command_reads_what_a_gateway_is_writing_and_never_writes(tmp_path: Path) -> None:
    path = tmp_path / OUTBOX_FILE
    with closing(Database(path)) as database, Remains(path) as remains:
        with database.write() as transaction:
            transaction.run("remember", (1, 2, b"3"))
        assert remains.messages() == [(1, 2, b"3")]
        with database.write() as transaction:
            transaction.run("remember", (1, 2, b"4"))
        assert remains.messages() == [(1, 2, b"4")]


def test_a_file_of_the_first_format_is_brought_up_with_all_that_it_holds(tmp_path: Path) -> None:
    shutil.copy(OLD, tmp_path / OUTBOX_FILE)
    with closing(open_outbox(tmp_path).outbox) as outbox:
        counts = outbox.counts()
        assert (counts.acknowledged_batches, counts.refused_batches, counts.waiting_batches) == (2, 1, 2)
        assert counts.unsealed_lines == 2
        assert outbox.progress("influx") == 0
        assert outbox.newest(0, urgent=True) is None


def with_messages(folder: Path) -> Path:
    """A file of the first format in which each remembered message has a row of its own."""
    path = folder / OUTBOX_FILE
    shutil.copy(OLD, path)
    session = session_number("broker/gateway")
    rows = [(session, packet_id, number_of(digest)) for packet_id, digest in DIGESTS.items()]
    with closing(sqlite3.connect(path)) as database:
        database.executemany("INSERT INTO message VALUES (?, ?, ?)", rows)
        database.commit()
    return path


DIGESTS = {1: b"12345678", 15: b"\xff\xfe345678", 16: b"\0\0\0\0\0\0\0\1", 65535: b"lastlast"}


def number_of(digest: bytes) -> int:
    return int.from_bytes(digest, "big", signed=True)


def test_messages_that_an_older_file_remembers_are_known_when_they_come_again(tmp_path: Path) -> None:
    with_messages(tmp_path)
    with closing(open_outbox(tmp_path).outbox) as outbox:
        known = {number: outbox.remembered("broker/gateway", number) for number in (*DIGESTS, 2, 14, 17)}
        assert known == {**DIGESTS, 2: None, 14: None, 17: None}
        assert outbox.remembered("broker/another", 1) is None


def test_the_remains_of_an_older_file_tell_its_messages_as_they_are_stored_now(tmp_path: Path) -> None:
    path = with_messages(tmp_path)
    with Remains(path) as remains:
        before = remains.messages()
    with closing(open_outbox(tmp_path).outbox), Remains(path) as remains:
        assert sorted(remains.messages()) == sorted(before)
        assert [shelf for _, shelf, _ in sorted(before)] == [0, 1, 4095]


@pytest.mark.parametrize("stored", [7, 1 << 50, None, "text"])
def test_messages_of_which_one_is_no_shelf_are_not_taken_over(
    tmp_path: Path, stored: int | str | None
) -> None:
    path = tmp_path / OUTBOX_FILE
    SqliteOutbox(path).close()
    changed(
        path,
        "DROP TABLE message",
        "CREATE TABLE message (session, shelf, digests)",
        "INSERT INTO message VALUES (1, 2, zeroblob(128))",
    )
    with Remains(path) as remains:
        assert remains.messages() == [(1, 2, bytes(128))]
    with closing(sqlite3.connect(path)) as database:
        database.execute("INSERT INTO message VALUES (1, 3, ?)", (stored,))
        database.commit()
    with Remains(path) as remains:
        assert remains.messages() == []


def test_the_remains_of_a_file_of_the_first_format_can_be_read() -> None:
    with Remains(OLD) as remains:
        states = [batch.state for batch in remains.batches()]
        assert states == ["acknowledged", "acknowledged", "refused", "waiting", "waiting"]
        assert all(batch.encoded for batch in remains.batches())
        assert [chunk.lines for chunk in remains.chunks()] == [2]


def test_a_file_that_was_growing_when_its_cap_was_lowered_grows_no_more(tmp_path: Path) -> None:
    with closing(Database(tmp_path / OUTBOX_FILE)) as database:
        database.limit(1)
        with pytest.raises(OutboxFull):
            keep_much(database)


def keep_much(database: Database) -> None:
    with database.write() as transaction:
        transaction.run("note_boot", {"boot": "b", "last_ms": 1, "step_ms": 0})
        values: Named = {"boot": "b", "trusted": 1, "first_ms": 1, "lines": 1, "bytes": 1}
        transaction.run("add_chunk", values | {"body": bytes(50_000)})


def test_a_folder_that_is_not_there_is_no_room(tmp_path: Path) -> None:
    with pytest.raises(OutboxFull):
        SqliteOutbox(tmp_path / "none" / OUTBOX_FILE)


def test_columns_that_hold_something_else_are_told() -> None:
    assert (integer(3), optional_integer(None), optional_integer(4)) == (3, None, 4)
    with pytest.raises(CorruptOutbox):
        integer("3")
    assert blob((b"x",)) == b"x"
    with pytest.raises(CorruptOutbox):
        blob(None)
    with pytest.raises(CorruptOutbox):
        blob(("text",))


@pytest.mark.parametrize(
    "count", [0, 1, ROWS_TOGETHER - 1, ROWS_TOGETHER, ROWS_TOGETHER + 1, 3 * ROWS_TOGETHER]
)
def test_rows_that_are_put_in_together_are_all_there(tmp_path: Path, count: int) -> None:
    database = Database(tmp_path / OUTBOX_FILE)
    before = [(7, shelf, b"before") for shelf in range(0, count, 2)]
    after = [(7, shelf, b"after %d" % shelf) for shelf in range(count)]
    with database.write() as transaction:
        transaction.many("remember", before)
        transaction.together("remember", after)
    with database.read() as transaction:
        assert sorted(transaction.rows("remains_message")) == after
    database.close()

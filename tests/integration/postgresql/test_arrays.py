"""Rows that reach the server as columns come back as they were, whatever stands in them."""

from sqlalchemy import BigInteger, Boolean, Column, Double, LargeBinary, MetaData, String, Table, select

from coldchain_backend.sql import Place
from coldchain_backend.sql.arrays import AT_ONCE
from coldchain_backend.sql.dialect import add_or_keep, add_or_replace, put_rows

ODD = Table(
    "odd",
    MetaData(),
    Column("key", BigInteger, primary_key=True),
    Column("text", String),
    Column("bytes", LargeBinary),
    Column("number", Double),
    Column("flag", Boolean),
)
TEXTS = ["", "NULL", "null", "{a,b}", '"', '\\"', "\\", "a\nb\tc", " x ", "'; --", "%s", "冷库 −3 °C", None]
BYTES = [b"", b"\x00", b"\\x00", bytes(range(256)), b'{"a": "\\""}', None]
NUMBERS = [0.0, -0.0, 0.1, 4.2000000000000002, 1e-308, 1.7976931348623157e308, None]


def row(key: int) -> dict[str, object]:
    return {
        "key": (-1) ** key * (key << 40),
        "text": TEXTS[key % len(TEXTS)],
        "bytes": BYTES[key % len(BYTES)],
        "number": NUMBERS[key % len(NUMBERS)],
        "flag": (True, False, None)[key % 3],
    }


def key_of(one: dict[str, object]) -> int:
    key = one["key"]
    assert isinstance(key, int)
    return key


def test_what_is_put_is_read(place: Place) -> None:
    rows = [row(key) for key in range(AT_ONCE + 500)]
    with place.opened() as database, database.write() as connection:
        ODD.create(connection)
        put_rows(connection, add_or_keep(connection, ODD), rows[:700])
        put_rows(connection, add_or_replace(connection, ODD), rows)
        found = connection.execute(select(ODD).order_by(ODD.c.key)).mappings()
        assert [dict(one) for one in found] == sorted(rows, key=key_of)


def test_columns_of_nothing_and_texts_with_nul_are_kept(place: Place) -> None:
    rows = [{"key": key, "text": "a\0b", "bytes": None, "number": None, "flag": None} for key in range(100)]
    with place.opened() as database, database.write() as connection:
        ODD.create(connection)
        put_rows(connection, add_or_replace(connection, ODD), rows)
        found = connection.execute(select(ODD)).all()
    assert {tuple(one)[1:] for one in found} == {("a\ufffdb", None, None, None)}
    assert len(found) == len(rows)

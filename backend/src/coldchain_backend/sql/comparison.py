"""Two databases held against each other, field by field, in everything that is derived.

Readings are compared as what the series say, not as blocks: how they are packed depends on when they came.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import orjson
from sqlalchemy import Connection, Table, func, insert, select

from coldchain_backend.alerts import Alert
from coldchain_backend.series import SeriesStore
from coldchain_backend.sql import alert_rows, schema
from coldchain_backend.sql.rows import Cell, inflated
from coldchain_backend.sql.session import Database, raw

PACKED: Final = frozenset(
    {
        "series_block",
        "series_sensor",
        "series_summary",
        "series_mark",
        "account_hour",
        "account_day",
        "account_frontier",
    }
)
"""Packing of readings, and sums of them: how far either has come depends on the time there was."""
INDEXED: Final = frozenset({"act", "revocation"})
"""Lists of acts: a database that is older than it has it from then on only, and a rebuild has all of it."""
ORDER: Final = frozenset({"created"})
"""Numbers that only say what came before what: their steps depend on how the log was cut when it was read."""
WINDOW_MS: Final = 86_400_000
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that differs; a row that is missing on one side has None there as a whole."""

    table: str
    key: str
    field: str
    before: str | None
    after: str | None


def compare(before: Database, after: Database) -> Iterator[Difference]:
    """Every field of every derived row that differs, table by table."""
    with before.read() as old, after.read() as new, old.begin(), new.begin():
        for table in derived():
            yield from _tables(table, _rows(old, table), _rows(new, table))
    with before.series() as old, after.series() as new, old.begin(), new.begin():
        yield from _tables(schema.series_block, _readings(old), _readings(new))


def digest(database: Database) -> str:
    """SHA-256 over everything that is derived: equal for databases that `compare` finds equal."""
    total = sha256()
    with database.read() as connection, connection.begin():
        for table in derived():
            total.update(table.name.encode() + b"\n")
            for key, row in _rows(connection, table):
                total.update(_text([*key, *row.values()]).encode() + b"\n")
    with database.series() as connection, connection.begin():
        for key, row in _readings(connection):
            total.update(_text([*key, *row.values()]).encode() + b"\n")
    return total.hexdigest()


def untold(before: Database, after: Database) -> Iterator[str]:
    """Tellings of `after` behind the newest of `before`, which has none of them: they were never queued."""
    table = schema.delivery
    with before.read() as old, after.read() as new, old.begin(), new.begin():
        newest = old.execute(select(func.max(table.c.created_ms))).scalar() or 0
        known = set(old.execute(select(table.c.id)).scalars())
        for row in new.execute(select(table).where(table.c.created_ms > newest).order_by(table.c.id)):
            if row.id not in known:
                yield f"alert {row.alert}, step {row.sequence}, to {row.receiver}"


def told_and_gone(before: Database, after: Database) -> list[Alert]:
    """Alerts of `before` that somebody was told of and that `after` does not know."""
    table = schema.alert
    with before.read() as old, after.read() as new, old.begin(), new.begin():
        known = set(new.execute(select(table.c.id)).scalars())
        alerts = [
            alert_rows.alert_of(row) for row in old.execute(select(table).order_by(table.c.id)).mappings()
        ]
        return [alert for alert in alerts if alert.told and alert.id not in known]


def settle(database: Database) -> None:
    """Move everything into the file that readings stand in, so that it can be renamed or copied."""
    with database.series() as connection:
        raw(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)")


def drop_kept(database: Database) -> None:
    """Leave only what is derived."""
    with database.write() as connection, connection.begin():
        for table in schema.metadata.sorted_tables:
            if table.info.get("origin") == "kept":
                connection.execute(table.delete())


def take_kept(source: Database, target: Database) -> None:
    """Put the kept rows of `source` in place of those of `target`, in one transaction."""
    with source.read() as old, target.write() as new, old.begin(), new.begin():
        for table in schema.metadata.sorted_tables:
            if table.info.get("origin") != "kept":
                continue
            new.execute(table.delete())
            for some in old.execute(select(table)).mappings().partitions(1000):
                new.execute(insert(table), [dict(row) for row in some])


def derived() -> list[Table]:
    """The tables that follow from the ledger, without those that only pack readings."""
    return [
        table
        for table in schema.metadata.sorted_tables
        if table.info.get("origin") == "derived" and table.name not in PACKED | INDEXED
    ]


Keyed = tuple[tuple[Cell, ...], Row]


def _rows(connection: Connection, table: Table) -> Iterator[Keyed]:
    """Rows by their key, in its order."""
    names = [column.name for column in table.primary_key]
    found = connection.execute(select(table).order_by(*table.primary_key)).mappings()
    for row in found:
        said = {name: row[name] for name in row if name not in ORDER}
        if table is schema.course_hour:
            said["state"] = inflated(row["state"])
        yield tuple(row[name] for name in names), said


def _readings(connection: Connection) -> Iterator[Keyed]:
    """Winning readings by sensor and time."""
    series, table = SeriesStore(raw(connection)), schema.series_block
    spans = select(table.c.sensor, table.c.first_ms, table.c.last_ms).order_by(table.c.sensor)
    by_sensor: dict[str, set[int]] = {}
    for sensor, first_ms, last_ms in connection.execute(spans):
        days = range(first_ms // WINDOW_MS, last_ms // WINDOW_MS + 1)
        by_sensor.setdefault(sensor, set()).update(days)
    for sensor in sorted(by_sensor):
        for day in sorted(by_sensor[sensor]):
            for one in series.readings(sensor, day * WINDOW_MS, (day + 1) * WINDOW_MS)[0]:
                values = orjson.dumps(dict(one.values), option=orjson.OPT_SORT_KEYS)
                yield (
                    (sensor, one.time_ms),
                    {"quality": one.quality.value, "origin": one.origin.name, "values": values},
                )


def _tables(table: Table, before: Iterator[Keyed], after: Iterator[Keyed]) -> Iterator[Difference]:
    """Two ordered streams of rows, merged by key."""
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        if old is not None and (new is None or _precedes(old[0], new[0])):
            yield _missing(table, old[0], before=_text(list(old[1].values())), after=None)
            old = next(before, None)
        elif new is not None and (old is None or _precedes(new[0], old[0])):
            yield _missing(table, new[0], before=None, after=_text(list(new[1].values())))
            new = next(after, None)
        elif old is not None and new is not None:
            yield from _fields(table, old, new[1])
            old, new = next(before, None), next(after, None)


def _precedes(one: tuple[Cell, ...], other: tuple[Cell, ...]) -> bool:
    """The order in which the database gives keys."""
    for mine, theirs in zip(one, other, strict=True):
        if mine == theirs:
            continue
        if isinstance(mine, str) and isinstance(theirs, str):
            return mine < theirs
        if isinstance(mine, bytes) and isinstance(theirs, bytes):
            return mine < theirs
        return float(str(mine)) < float(str(theirs))
    return False


def _fields(table: Table, old: Keyed, new: Row) -> Iterator[Difference]:
    key, row = old
    for name, before in row.items():
        after = new[name]
        if before != after:
            yield Difference(
                table=table.name, key=_text(key), field=name, before=_text([before]), after=_text([after])
            )


def _missing(table: Table, key: tuple[Cell, ...], *, before: str | None, after: str | None) -> Difference:
    return Difference(table=table.name, key=_text(key), field="", before=before, after=after)


def _text(cells: Sequence[Cell]) -> str:
    """Cells as people read them, in one line."""
    parts = [cell.decode(errors="replace") if isinstance(cell, bytes) else str(cell) for cell in cells]
    return " ".join(parts)

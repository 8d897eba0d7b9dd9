"""The ledger judged into a database that no server has open."""

from collections.abc import Callable
from typing import Final

from coldchain.errors import IntegrityError
from coldchain_backend import judging, sql
from coldchain_backend.judging.follow import chunks
from coldchain_backend.ledger import Ledger

_RECORDS: Final = 4096
Progress = Callable[[int], None]
"""Told the offset of the last record that was judged."""


def judge_into(
    ledger: Ledger, database: sql.Database, settings: judging.Settings, end: int, progress: Progress
) -> None:
    """Judge on from where the database stands to record `end`. Raises IntegrityError where one is missing."""
    books = sql.Books(database)
    try:
        consumer = judging.Judging(books, settings, ledger)
        while consumer.offset < end:
            records = ledger.read(consumer.offset, min(_RECORDS, end - consumer.offset))
            if not records:
                raise IntegrityError(f"the ledger ends before record {end}, up to which it was judged")
            if records[0].offset != consumer.offset + 1:
                raise IntegrityError(f"record {consumer.offset + 1} is not in the ledger any more")
            for chunk in chunks(records):
                consumer.consume(chunk)
                progress(consumer.offset)
    finally:
        books.close()

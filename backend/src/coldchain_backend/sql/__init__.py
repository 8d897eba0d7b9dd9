"""The database: tables, migrations, and what judging, alerts and delivery keep in them."""

from coldchain_backend.sql.audit import Audit
from coldchain_backend.sql.books import Books
from coldchain_backend.sql.comparison import (
    Difference,
    compare,
    digest,
    drop_kept,
    settle,
    take_kept,
    told_and_gone,
    untold,
)
from coldchain_backend.sql.counts import series_bytes
from coldchain_backend.sql.deliveries import DeliveryQueue
from coldchain_backend.sql.letters import Letters
from coldchain_backend.sql.mirrored import MirroredBooks, MirrorRecords, forget_changes
from coldchain_backend.sql.moving import migrate_server, put_in_place, take_in, write_copy
from coldchain_backend.sql.people import PeopleBook
from coldchain_backend.sql.place import SERIES_FILE, Place
from coldchain_backend.sql.reading import Records
from coldchain_backend.sql.session import DATABASE_FILE, Database, migrate, open_database
from coldchain_backend.sql.standings import StandingBook

__all__ = [
    "DATABASE_FILE",
    "SERIES_FILE",
    "Audit",
    "Books",
    "Database",
    "DeliveryQueue",
    "Difference",
    "Letters",
    "MirrorRecords",
    "MirroredBooks",
    "PeopleBook",
    "Place",
    "Records",
    "StandingBook",
    "compare",
    "digest",
    "drop_kept",
    "forget_changes",
    "migrate",
    "migrate_server",
    "open_database",
    "put_in_place",
    "series_bytes",
    "settle",
    "take_in",
    "take_kept",
    "told_and_gone",
    "untold",
    "write_copy",
]

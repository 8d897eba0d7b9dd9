"""The database: tables, migrations, and what judging, alerts and delivery keep in them."""

from coldchain_backend.sql.books import Books
from coldchain_backend.sql.deliveries import DeliveryQueue
from coldchain_backend.sql.reading import Records
from coldchain_backend.sql.session import Database, open_database

__all__ = ["Books", "Database", "DeliveryQueue", "Records", "open_database"]

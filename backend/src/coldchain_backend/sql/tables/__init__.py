"""Tables by room. `sql.schema` names all of them."""

from coldchain_backend.sql.tables import alerts, columns, people, series
from coldchain_backend.sql.tables.columns import DERIVED, KEPT

__all__ = ["DERIVED", "KEPT", "alerts", "columns", "people", "series"]

"""Tables by room. `sql.schema` names all of them."""

from coldchain_backend.sql.tables import alerts, columns, mirror, people, series
from coldchain_backend.sql.tables.columns import DERIVED, KEPT, MIRRORED

__all__ = ["DERIVED", "KEPT", "MIRRORED", "alerts", "columns", "mirror", "people", "series"]

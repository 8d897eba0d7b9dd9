"""Excursions: as tables, as counts and as annotations."""

from typing import Final

from coldchain_dashboards.influxql import PLACE, TIME_RANGE, Query
from coldchain_dashboards.queries.compliance import LOOK_BACK

_TOLD: Final = "\"level\" <> 'none'"
_OPEN: Final = "\"state\" = 'open'"
_COLUMNS: Final = {
    name: f'"{name}"'
    for name in (
        "asset", "zone", "point", "rule", "level", "state",
        "peak", "limit", "out_s", "from_ms", "to_ms", "id",
    )
}  # fmt: skip

OPEN: Final = Query(
    purpose="Excursions that go on, whenever they began.",
    columns=_COLUMNS,
    source="excursion",
    where=(_OPEN, _TOLD, *PLACE, LOOK_BACK),
    newest=200,
    only_when="something is out of limits now",
)
OPEN_COUNT: Final = Query(
    purpose="How many excursions go on.",
    columns={"open": 'COUNT("id")'},
    source="excursion",
    where=(_OPEN, _TOLD, *PLACE, LOOK_BACK),
    only_when="something is out of limits now",
)
OPEN_BY_ZONE: Final = Query(
    purpose="How many excursions go on in each zone.",
    columns={"open": 'COUNT("id")'},
    source="excursion",
    where=(_OPEN, _TOLD, *PLACE, LOOK_BACK),
    tags=("organisation", "asset", "zone"),
    only_when="something is out of limits now",
)
LISTED: Final = Query(
    purpose="Excursions that began in the time range.",
    columns=_COLUMNS,
    source="excursion",
    where=('"withdrawn" = false', _TOLD, *PLACE, TIME_RANGE),
    newest=500,
    only_when="a limit was broken in the time range",
)
MARKED: Final = Query(
    purpose="Excursions as regions over the time axis, also those that began up to a week before it.",
    columns={name: f'"{name}"' for name in ("rule", "level", "point", "to_ms")},
    source="excursion",
    where=(
        '"withdrawn" = false',
        _TOLD,
        *PLACE,
        "time >= ${__from}ms - 7d AND time <= ${__to}ms",
        '"to_ms" >= ${__from}',
    ),
    newest=500,
    only_when="a limit was broken in the time range",
)

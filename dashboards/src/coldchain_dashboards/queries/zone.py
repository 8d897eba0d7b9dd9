"""What is known of one zone: its probes, limits, unknown time, contacts and exposure."""

from typing import Final

from coldchain.quantities import quantity
from coldchain_dashboards.influxql import PLACE, TIME_RANGE, Query
from coldchain_dashboards.queries.compliance import DAYS, HOURS, JUDGED, SHARES, TEMPERATURE

HUMIDITY: Final = quantity("humidity")
_POINT: Final = ("point",)
_NAMED: Final = ("point", "point_name")
_RANGE_AND_BEFORE: Final = "time >= ${__from}ms - 2h AND time <= ${__to}ms"
"""Limits and gaps are marked at every full hour: what holds at the left edge stands at most that far back."""
_TAIL: Final = "time >= now() - 2h AND time >= ${__from}ms - 2h AND time <= ${__to}ms"
_OF_TEMPERATURE: Final = f"\"quantity\" = '{TEMPERATURE.field}'"


def _probes(field: str, only_when: str = "") -> Query:
    return Query(
        purpose=f"Mean {field} of each point in each step.",
        columns={field: f'MEAN("{field}")'},
        source="reading",
        where=(*PLACE, TIME_RANGE),
        tags=_NAMED,
        every="$__interval",
        fill="null",
        only_when=only_when,
    )


PROBES: Final = _probes(TEMPERATURE.field)
HUMIDITIES: Final = _probes(HUMIDITY.field, "a probe of the zone measures humidity")
SPAN: Final = Query(
    purpose="The warmest and the coldest single reading of the zone in each step, which a mean hides.",
    columns={"warmest": 'MAX("temperature")', "coldest": 'MIN("temperature")'},
    source="reading",
    where=(*PLACE, TIME_RANGE),
    every="$__interval",
    fill="null",
)
LIMITS: Final = Query(
    purpose="The limits that held, from the last mark before the left edge on.",
    columns={"high": 'LAST("high")', "low": 'LAST("low")'},
    source="limit",
    where=(_OF_TEMPERATURE, *PLACE, _RANGE_AND_BEFORE),
    every="$__interval",
    fill="previous",
)
GAPS: Final = Query(
    purpose="Unknown time of each point by its begin, full hours and end: 1 from the begin on, 0 at the end.",
    columns={"unknown": '"unknown"'},
    source="gap",
    where=(_OF_TEMPERATURE, *PLACE, _RANGE_AND_BEFORE),
    tags=_POINT,
    only_when="time of a point is unknown",
)
GAPS_NOW: Final = Query(
    purpose="Unknown time that still goes on, drawn up to the right edge.",
    columns={"unknown": 'LAST("unknown")'},
    source="gap",
    where=(_OF_TEMPERATURE, *PLACE, _TAIL),
    tags=_POINT,
    every="$__interval",
    fill="previous",
    only_when="time of a point was unknown within the last two hours",
)


def _contact(field: str) -> Query:
    return Query(
        purpose=f"State of `{field}` of each point.",
        columns={field: f'LAST("{field}")'},
        source="reading",
        where=(*PLACE, TIME_RANGE),
        tags=_NAMED,
        every="$__interval",
        fill="null",
        only_when=f"the zone has an input `{field}`",
    )


DOORS: Final = _contact("door_open")
DEFROSTS: Final = _contact("defrost")
LAST_READINGS: Final = Query(
    purpose="The newest reading of each point.",
    columns={"temperature": '"temperature"'},
    source="reading",
    where=(*PLACE, TIME_RANGE),
    tags=_NAMED,
    newest=1,
)
EXPOSURE: Final = Query(
    purpose="How much of the time of each point was known and within limits, and how far out it was.",
    columns={
        **SHARES,
        "above": 'SUM("high_degree_minutes")',
        "below": 'SUM("low_degree_minutes")',
        "highest": 'MAX("highest")',
        "lowest": 'MIN("lowest")',
    },
    source="compliance",
    where=HOURS,
    tags=_POINT,
    only_when=JUDGED,
)
OUT: Final = Query(
    purpose="Degree-minutes above and below the limits.",
    columns={"above": 'SUM("high_degree_minutes")', "below": 'SUM("low_degree_minutes")'},
    source="zone_compliance",
    where=HOURS,
    only_when=JUDGED,
)
OUT_OVER_TIME: Final = Query(
    purpose="Degree-minutes above and below the limits in steps of an hour or more.",
    columns=OUT.columns,
    source="zone_compliance",
    where=HOURS,
    every="$__interval",
    fill="none",
    only_when=JUDGED,
)
KINETIC: Final = Query(
    purpose="Mean kinetic temperature of each point and local day.",
    columns={"mkt": '"mkt"'},
    source="compliance",
    where=DAYS,
    tags=_POINT,
    only_when="a local day has begun in the time range",
)
KINETIC_WORST: Final = Query(
    purpose="The highest mean kinetic temperature of a point and local day.",
    columns={"mkt": 'MAX("mkt")'},
    source="zone_compliance",
    where=DAYS,
    only_when="a local day has begun in the time range",
)

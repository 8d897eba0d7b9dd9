"""How much of the required time was known and within limits: sums over the cells of zones.

Shares are of the required time: what is not known is not within limits. No query here touches readings but
the one for positions, nor cells of single points, so a fleet costs what its zones cost.
"""

from typing import Final

from coldchain.quantities import quantity
from coldchain.words import Language
from coldchain_dashboards.influxql import PLACE, TIME_RANGE, Query

TEMPERATURE: Final = quantity("temperature")
LOOK_BACK: Final = "time > now() - 90d"
"""How far back something that still goes on may have begun."""
SHARES: Final = {
    "conform": 'SUM("in_s") / SUM("required_s")',
    "coverage": 'SUM("covered_s") / SUM("required_s")',
}
_OF_ASSETS: Final = PLACE[:2]
_ZONE: Final = ("organisation", "asset", "zone")


def _cells(cell: str) -> tuple[str, ...]:
    return (f"\"cell\" = '{cell}'", f"\"quantity\" = '{TEMPERATURE.field}'", *PLACE, TIME_RANGE)


JUDGED: Final = "a reading has been judged for some minutes"
"""Why a backend that is some minutes young has no cells yet."""
HOURS: Final = _cells("hour")
DAYS: Final = _cells("day")

OVER_TIME: Final = Query(
    purpose="The two shares in steps of an hour or more.",
    columns=SHARES,
    source="zone_compliance",
    where=HOURS,
    every="$__interval",
    fill="none",
    only_when=JUDGED,
)
ZONES: Final = Query(
    purpose="How much of the time of each zone is known, and how far out it was.",
    columns={
        "coverage": SHARES["coverage"],
        "degree_minutes": 'SUM("high_degree_minutes") + SUM("low_degree_minutes")',
    },
    source="zone_compliance",
    where=HOURS,
    tags=_ZONE,
    only_when=JUDGED,
)


_PROVED: Final = 'FLOOR(("coverage" - "wanted") / 2 + 1)'
"""1 where as much is known as the profiles want, else 0: InfluxQL has no condition among expressions."""


def _conform(purpose: str, tags: tuple[str, ...] = (), *, beside: tuple[str, ...] = ()) -> Query:
    return Query(
        purpose=f"{purpose}; -1, drawn grey, where it is not proved.",
        columns={
            "conform": f'"conform" * {_PROVED} + {_PROVED} - 1',
            **{name: f'"{name}"' for name in beside},
        },
        source=Query(
            purpose="The shares beside what the profiles want to be known, at the most.",
            columns={**SHARES, "wanted": 'MAX("required_coverage")'},
            source="zone_compliance",
            where=HOURS,
            tags=tags,
        ),
        where=(),
        tags=tags,
        only_when=JUDGED,
    )


WHOLE: Final = _conform(
    "Share of the required time of all chosen zones that is known, and that within limits",
    beside=("coverage",),
)
CONFORM_ZONES: Final = _conform("Share of the required time within limits of each zone", _ZONE)


def names(language: Language) -> Query:
    """Names of the zones in a language, their profile and whether they are in use."""
    return Query(
        purpose="Names of the zones, their profile and whether they are in use.",
        columns={
            "asset_name": f'LAST("asset_{language.value}")',
            "zone_name": f'LAST("zone_{language.value}")',
            "profile": 'LAST("profile")',
            "state": 'LAST("state")',
        },
        source="limit",
        where=(f"\"quantity\" = '{TEMPERATURE.field}'", *PLACE, "time > now() - 3h"),
        tags=_ZONE,
    )


ASSETS: Final = Query(
    purpose="Share of the required time within limits of each asset, for the colour of its mark on the map.",
    columns={"conform": SHARES["conform"]},
    source="zone_compliance",
    where=HOURS,
    tags=("asset",),
    only_when=JUDGED,
)
POSITIONS: Final = Query(
    purpose="Where each vehicle was last.",
    columns={"latitude": 'LAST("latitude")', "longitude": 'LAST("longitude")'},
    source="reading",
    where=(*_OF_ASSETS, TIME_RANGE),
    tags=("asset",),
    only_when="an asset has a receiver of positions",
)


def _by_day(purpose: str, **columns: str) -> Query:
    """Something of each zone and local day, as it stands in its cell: there is nothing to sum up."""
    return Query(
        purpose=purpose,
        columns=columns,
        source="zone_compliance",
        where=DAYS,
        tags=("zone",),
        only_when="a local day has begun in the time range",
    )


DAYS_CONFORM: Final = _by_day(
    "The worst point of each zone and local day; -1, drawn grey, where too little of it is known.",
    conform='"conform"',
)
DAYS_KNOWN: Final = _by_day("Share of each zone and local day that is known.", share='"coverage"')
DAYS_OUT: Final = _by_day(
    "Degree-minutes beyond the limits of each zone and local day.",
    degree_minutes='"high_degree_minutes" + "low_degree_minutes"',
)

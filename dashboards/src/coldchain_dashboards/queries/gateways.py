"""What gateways and sensors say about themselves."""

from typing import Final

from coldchain_dashboards.influxql import PLACE, TIME_RANGE, Query

_ORGANISATION: Final = ('"organisation" =~ /^${organisation:regex}$/',)
_GATEWAY: Final = ("gateway",)
_SINCE: Final = "time > now() - 7d"

LAST: Final = Query(
    purpose="What each gateway said last; the time is that of its last word, looked for over a week.",
    columns={
        name: f'"{name}"'
        for name in (
            "asset", "version", "outbox_lines", "outbox_oldest_s", "outbox_refused", "disk_free_bytes",
            "clock_trusted", "clock_source", "uptime_s", "rss_bytes",
        )
    },
    source="gateway",
    where=(*_ORGANISATION, _SINCE),
    tags=_GATEWAY,
    newest=1,
)  # fmt: skip


def _over_time(field: str) -> Query:
    return Query(
        purpose=f"`{field}` of each gateway, the highest in each step.",
        columns={field: f'MAX("{field}")'},
        source="gateway",
        where=(*_ORGANISATION, TIME_RANGE),
        tags=_GATEWAY,
        every="$__interval",
        fill="none",
    )


OUTBOX: Final = _over_time("outbox_lines")
OLDEST: Final = _over_time("outbox_oldest_s")
HEARD: Final = Query(
    purpose="Whether each gateway was heard in each step; a hole is silence: 1 where it was.",
    columns={"heard": 'MAX("uptime_s") * 0 + 1'},
    source="gateway",
    where=(*_ORGANISATION, TIME_RANGE),
    tags=_GATEWAY,
    every="$__interval",
    fill="null",
)


def _newest(field: str) -> Query:
    return Query(
        purpose=f"`{field}` of each sensor that tells it, as last said in the time range.",
        columns={field: f'"{field}"'},
        source="reading",
        where=(*PLACE, TIME_RANGE),
        tags=("asset", "zone", "point", "point_name", "sensor"),
        newest=1,
        only_when=f"a sensor tells its `{field}`",
    )


SENSORS: Final = tuple(map(_newest, ("battery", "battery_voltage", "link_quality")))
"""One for each: a sensor need not tell them together."""

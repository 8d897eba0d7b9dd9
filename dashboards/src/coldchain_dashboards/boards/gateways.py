"""Gateways: when they were heard last, what they hold back, how they know the time; batteries and signals."""

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Panel

from coldchain_dashboards.board import Board
from coldchain_dashboards.influxql import Query
from coldchain_dashboards.panels import Column, Kit, coloured, thresholds, value_map
from coldchain_dashboards.queries import gateways

STEPS: Final = 100
"""So many steps has a line that every gateway has: 1 000 points have a hundred gateways."""
LEAST: Final = "2m"
"""No step is shorter: gateways speak every minute."""


def board(kit: Kit) -> Board:
    """Lay the board out."""
    return Board(
        panels=[
            _gateways(kit),
            _heard(kit),
            _waiting(kit, "outbox", gateways.OUTBOX, "short"),
            _waiting(kit, "oldest", gateways.OLDEST, "s"),
            _sensors(kit),
        ],
    )  # fmt: skip


def _gateways(kit: Kit) -> Panel:
    clock = {"true": (kit.text("trusted"), "green"), "false": (kit.text("untrusted"), "red")}
    trusted = {"mappings": [value_map(clock)]}
    waiting = coloured(((None, "transparent"), (60.0, "orange"), (600.0, "red")))
    return kit.table(
        "gateways",
        [gateways.LAST],
        [
            Column(field="gateway"),
            Column(field="asset"),
            Column(field="Time", width=160, properties={"unit": "dateTimeFromNow"}),
            Column(field="version", width=90),
            Column(field="outbox_lines", width=110, properties={"unit": "short"}),
            Column(field="outbox_oldest_s", width=120, properties={"unit": "s", **waiting}),
            Column(field="outbox_refused", width=90),
            Column(field="clock_trusted", width=110, properties=trusted),
            Column(field="clock_source", width=130),
            Column(field="uptime_s", width=110, properties={"unit": "s"}),
            Column(field="disk_free_bytes", width=100, properties={"unit": "bytes"}),
            Column(field="rss_bytes", width=100, properties={"unit": "bytes"}),
        ],
        size=(24, 9),
    )


def _heard(kit: Kit) -> Panel:
    panel = kit.states("heard", [(gateways.HEARD, "$tag_gateway")], {})
    return _steps(thresholds(panel, ((None, "red"), (1.0, "green"))))


def _waiting(kit: Kit, key: str, query: Query, unit: str) -> Panel:
    lines = {"fillOpacity": 10}
    return _steps(kit.trend(key, [(query, "$tag_gateway")], unit=unit, size=(12, 8), custom=lines))


def _steps(panel: Panel) -> Panel:
    return panel.interval(LEAST).max_data_points(STEPS)


def _sensors(kit: Kit) -> Panel:
    battery = coloured(((None, "red"), (10.0, "orange"), (25.0, "transparent")))
    return kit.table(
        "sensors",
        gateways.SENSORS,
        [
            Column(field="sensor"),
            Column(field="asset"),
            Column(field="zone"),
            Column(field="point_name"),
            Column(field="battery", width=120, properties={"unit": "percent", **battery}),
            Column(field="battery_voltage", width=120, properties={"unit": "volt", "decimals": 2}),
            Column(field="link_quality", width=120),
        ],
        size=(24, 9),
        ascending="battery",
    )

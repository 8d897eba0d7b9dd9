"""Alerts: what goes on, who took notice and how soon, and what did not reach anybody."""

from grafana_foundation_sdk.builders.dashboard import Panel

from coldchain_dashboards import columns
from coldchain_dashboards.board import Board
from coldchain_dashboards.influxql import Query
from coldchain_dashboards.panels import Kit, Number, look
from coldchain_dashboards.queries import alerts


def board(kit: Kit) -> Board:
    """Lay the board out."""
    times = Number(unit="s", decimals=1, named=True)
    return Board(
        panels=[
            _count(kit, "alarms", alerts.OPEN_ALARMS, "red"),
            _count(kit, "unacknowledged", alerts.UNACKNOWLEDGED, "red"),
            _count(kit, "warnings", alerts.OPEN_WARNINGS, "orange"),
            _count(kit, "acknowledged", alerts.ACKNOWLEDGED, "orange"),
            _count(kit, "shelved", alerts.SHELVED, "blue"),
            _count(kit, "undelivered", alerts.UNDELIVERED, "red"),
            kit.table("going_on", [alerts.GOING_ON], columns.of_alerts(kit), size=(24, 8)),
            kit.number("time_to_acknowledge", alerts.TIME_TO_ACKNOWLEDGE, times, size=(8, 8)),
            _over_time(kit),
            kit.table("failed", [alerts.FAILED], columns.of_alerts(kit), size=(24, 6)),
            kit.table("listed", [alerts.LISTED], columns.of_alerts(kit), size=(24, 10)),
        ],
        places=("organisation", "asset"),
        since="now-7d",
    )  # fmt: skip


def _count(kit: Kit, key: str, query: Query, colour: str) -> Panel:
    return kit.number(key, query, Number(colours=((None, "green"), (1, colour))))


def _over_time(kit: Kit) -> Panel:
    panel = kit.trend(
        "over_time",
        [(alerts.ALARMS_OVER_TIME, "alarm"), (alerts.WARNINGS_OVER_TIME, "warning")],
        unit="none",
        size=(16, 8),
        custom={"drawStyle": "bars", "fillOpacity": 70, "stacking": {"mode": "normal", "group": "A"}},
    ).interval("1h")
    for level in ("alarm", "warning"):
        colour = {"mode": "fixed", "fixedColor": columns.LEVELS[level]}
        panel = look(panel, level, {"displayName": kit.text(f"level_{level}"), "color": colour})
    return panel

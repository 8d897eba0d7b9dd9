"""Calendar: day by day and zone by zone over months."""

from grafana_foundation_sdk.builders.dashboard import Panel

from coldchain_dashboards.board import Board
from coldchain_dashboards.panels import GREY, SHARE_COLOURS, Kit, thresholds, value_map
from coldchain_dashboards.queries import compliance


def board(kit: Kit) -> Board:
    """Lay the board out; what is asked for less often is folded away, so that it costs nothing until then."""
    coverage = kit.days("coverage", compliance.DAYS_KNOWN, unit="percentunit", size=(24, 12))
    out = kit.days("out", compliance.DAYS_OUT, unit="none", size=(24, 12))
    degrees = ((None, "green"), (0.01, "yellow"), (60.0, "orange"), (600.0, "red"))
    return Board(
        panels=[
            _conform(kit),
            kit.folded("coverage", thresholds(coverage, SHARE_COLOURS)),
            kit.folded("out", thresholds(out, degrees)),
        ],
        since="now-90d",
        refresh="15m",
    )


def _conform(kit: Kit) -> Panel:
    """Days of which too little is known come as -1 and are grey."""
    panel = kit.days("conform", compliance.DAYS_CONFORM, unit="percentunit", size=(24, 12))
    grey = value_map({"-1": (kit.text("not_demonstrable"), GREY)})
    return thresholds(panel, SHARE_COLOURS).mappings([grey])

"""Fleet compliance: the zones, worst first; what goes on; where the vehicles are."""

from grafana_foundation_sdk.builders.dashboard import Panel

from coldchain_dashboards import columns, shares
from coldchain_dashboards.board import Board
from coldchain_dashboards.panels import (
    NONE_OR_RED,
    SHARE_COLOURS,
    Column,
    Kit,
    Number,
    coloured,
    look,
    thresholds,
    when_empty,
)
from coldchain_dashboards.queries import compliance, excursions


def board(kit: Kit) -> Board:
    """Lay the board out."""
    return Board(
        panels=[
            shares.of_all(kit, size=(12, 5)),
            kit.number("open", excursions.OPEN_COUNT, Number(colours=NONE_OR_RED), size=(12, 5)),
            _zones(kit),
            kit.table("excursions", [excursions.OPEN], columns.of_excursions(kit), size=(24, 7)),
            _map(kit),
            _over_time(kit),
        ],
    )  # fmt: skip


def _zones(kit: Kit) -> Panel:
    share = {"unit": "percentunit", "decimals": 2}
    proved = {**share, **coloured(SHARE_COLOURS), **shares.unproved(kit)}
    none_open = {"mappings": [when_empty("0")], **coloured(NONE_OR_RED), "custom.displayMode": "color-text"}
    return kit.table(
        "zones",
        [
            compliance.CONFORM_ZONES,
            compliance.ZONES,
            excursions.OPEN_BY_ZONE,
            compliance.names(kit.language),
        ],
        [
            Column(field="asset_name", width=170, properties=columns.zone_link(kit)),
            Column(field="zone_name", width=120, properties=columns.zone_link(kit)),
            Column(field="conform", width=140, properties=proved),
            Column(field="coverage", width=110, properties=share),
            Column(field="open", width=150, properties=none_open),
            Column(field="degree_minutes", width=160, properties={"decimals": 0}),
            Column(field="state", width=110, properties=columns.said(kit, "zone", columns.ZONE_STATES)),
            Column(field="profile"),
            Column(field="zone"),
            Column(field="asset"),
        ],
        size=(24, 11),
        ascending="conform",
    )


def _map(kit: Kit) -> Panel:
    panel = kit.map("map", [compliance.POSITIONS, compliance.ASSETS], "conform", size=(12, 10))
    panel = thresholds(panel, SHARE_COLOURS)
    properties = {"unit": "percentunit", "decimals": 2, "displayName": kit.text("of_conform")}
    return look(panel, "conform", properties)


def _over_time(kit: Kit) -> Panel:
    panel = kit.trend(
        "over_time", [(compliance.OVER_TIME, "$col")], unit="percentunit", size=(12, 10),
        custom={"fillOpacity": 8},
    ).interval("1h").max(1)  # fmt: skip
    panel = look(panel, "conform", {"displayName": kit.text("of_conform"), "color": _fixed("green")})
    return look(panel, "coverage", {"displayName": kit.text("of_coverage"), "color": _fixed("blue")})


def _fixed(colour: str) -> dict[str, str]:
    return {"mode": "fixed", "fixedColor": colour}

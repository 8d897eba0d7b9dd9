"""One zone: its probes between their limits, what is unknown, contacts, exposure, excursions."""

from grafana_foundation_sdk.builders.dashboard import Panel

from coldchain_dashboards import columns, shares
from coldchain_dashboards.board import Board, Region
from coldchain_dashboards.panels import (
    FAINT,
    GREY,
    NONE_OR_RED,
    SHARE_COLOURS,
    Column,
    Kit,
    Number,
    coloured,
    look,
    named,
    when_empty,
)
from coldchain_dashboards.queries import excursions, zone

_MARKED = Region(excursions.MARKED, text="rule", labels=("level", "point"), until="to_ms")


def board(kit: Kit) -> Board:
    """Lay the board out."""
    out = Number(decimals=0, colours=((None, "green"), (0.01, "orange"), (60.0, "red")), named=True)
    kinetic = Number(unit="celsius", decimals=2)
    return Board(
        panels=[
            shares.of_all(kit, size=(10, 5)),
            kit.number("kinetic_worst", zone.KINETIC_WORST, kinetic, size=(4, 5)),
            kit.number("out", zone.OUT, out, size=(6, 5)),
            kit.number("open", excursions.OPEN_COUNT, Number(colours=NONE_OR_RED), size=(4, 5)),
            _probes(kit),
            _contacts(kit),
            kit.table("excursions", [excursions.LISTED], columns.of_excursions(kit, places=("zone",)),
                      size=(24, 8)),
            _points(kit),
            _out_over_time(kit),
            kit.trend("kinetic", [(zone.KINETIC, "$tag_point")], unit="celsius", size=(12, 8),
                      custom={"drawStyle": "line", "showPoints": "always", "spanNulls": True}),
            named(
                kit.trend("humidity", [(zone.HUMIDITIES, "$tag_point_name")], unit="percent", size=(24, 7)),
                kit.language,
            ),
        ],
        single="zone",
        regions=[("regions", "red", _MARKED)],
    )  # fmt: skip


def _probes(kit: Kit) -> Panel:
    panel = kit.trend(
        "probes",
        [
            (zone.PROBES, "$tag_point_name"),
            (zone.SPAN, "$col"),
            (zone.LIMITS, "limit_$col"),
            (zone.GAPS, "unknown: $tag_point"),
            (zone.GAPS_NOW, "unknown: $tag_point"),
        ],
        unit="celsius",
        size=(24, 12),
    )
    for name in ("warmest", "coldest"):
        panel = look(panel, name, _span(kit, name))
    for name in ("low", "high"):
        panel = look(panel, f"limit_{name}", _limit(kit, name))
    return named(look(panel, "/^unknown: /", _unknown(), pattern=True), kit.language)


def _span(kit: Kit, name: str) -> dict[str, object]:
    upper = {"custom.fillBelowTo": kit.text("of_coldest"), "custom.fillOpacity": 12}
    below = upper if name == "warmest" else {}
    return {
        "displayName": kit.text(f"of_{name}"),
        "custom.lineWidth": 0,
        "custom.showPoints": "never",
        "color": {"mode": "fixed", "fixedColor": "blue"},
        **below,
    }


def _limit(kit: Kit, name: str) -> dict[str, object]:
    """Limits are steps, dashed, with a faint band between them."""
    band = (
        {"custom.fillBelowTo": kit.text("of_limit_low"), "custom.fillOpacity": 10} if name == "high" else {}
    )
    return {
        "displayName": kit.text(f"of_limit_{name}"),
        "custom.lineInterpolation": "stepAfter",
        "custom.lineStyle": {"fill": "dash", "dash": [8, 6]},
        "custom.lineWidth": 2,
        "custom.showPoints": "never",
        "color": {"mode": "fixed", "fixedColor": "green"},
        **band,
    }


def _unknown() -> dict[str, object]:
    """Unknown time is a grey area over the whole height: 0 or 1 on an axis of its own that is not shown."""
    return {
        "unit": "none",
        "min": 0,
        "max": 1,
        "custom.axisPlacement": "hidden",
        "custom.lineInterpolation": "stepAfter",
        "custom.lineWidth": 0,
        "custom.showPoints": "never",
        "custom.fillOpacity": 14,
        "custom.spanNulls": True,
        "custom.hideFrom": {"legend": True, "tooltip": True, "viz": False},
        "color": {"mode": "fixed", "fixedColor": GREY},
    }


def _contacts(kit: Kit) -> Panel:
    states = {
        "true": (kit.text("contact_on"), "orange"),
        "false": (kit.text("contact_off"), FAINT),
    }
    door, defrost = kit.text("door"), kit.text("defrost")
    contacts = [(zone.DOORS, f"{door}: $tag_point_name"), (zone.DEFROSTS, f"{defrost}: $tag_point_name")]
    return named(kit.states("contacts", contacts, states), kit.language)


def _points(kit: Kit) -> Panel:
    share = {"unit": "percentunit", "decimals": 2}
    degrees = {"unit": "celsius", "decimals": 2}
    unknown = {"mappings": [when_empty(kit.text("not_known"))]}
    return kit.table(
        "points",
        [zone.EXPOSURE, zone.LAST_READINGS],
        [
            Column(field="point_name"),
            Column(field="temperature", width=110, properties={**degrees, **unknown}),
            Column(field="conform", width=130, properties={**share, **coloured(SHARE_COLOURS)}),
            Column(field="coverage", width=110, properties=share),
            Column(field="lowest", width=100, properties=degrees),
            Column(field="highest", width=100, properties=degrees),
            Column(field="above", width=120, properties={"decimals": 0}),
            Column(field="below", width=120, properties={"decimals": 0}),
            Column(field="point"),
        ],
        size=(24, 7),
    )


def _out_over_time(kit: Kit) -> Panel:
    panel = kit.trend(
        "out_over_time", [(zone.OUT_OVER_TIME, "$col")], unit="none", size=(12, 8),
        custom={"drawStyle": "bars", "fillOpacity": 60, "stacking": {"mode": "normal", "group": "A"}},
    ).interval("1h")  # fmt: skip
    for name, colour in (("above", "red"), ("below", "blue")):
        properties = {"displayName": kit.text(f"of_{name}"), "color": {"mode": "fixed", "fixedColor": colour}}
        panel = look(panel, name, properties)
    return panel

"""Shares of the required time: green to red where they are proved, grey where too little is known."""

from grafana_foundation_sdk.builders.dashboard import Panel

from coldchain_dashboards.panels import (
    GREY,
    SHARE_COLOURS,
    Kit,
    Number,
    Properties,
    value_map,
    when_empty,
)
from coldchain_dashboards.queries import compliance


def unproved(kit: Kit) -> Properties:
    """No share within limits is said in words, in grey."""
    text = kit.text("not_demonstrable")
    return {"mappings": [when_empty(text), value_map({"-1": (text, GREY)})]}


def of_all(kit: Kit, *, size: tuple[int, int]) -> Panel:
    """The share within limits and the share known of all chosen zones, large."""
    grey = {"conform": unproved(kit)}
    number = Number(unit="percentunit", decimals=2, colours=SHARE_COLOURS, named=True, also=grey)
    return kit.number("whole", compliance.WHOLE, number, size=size)

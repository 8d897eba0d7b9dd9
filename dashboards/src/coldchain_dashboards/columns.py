"""Columns that several boards show: places that lead to their board, levels, states, links to evidence."""

from collections.abc import Sequence
from typing import Final

from coldchain_dashboards.board import CONSOLE_VARIABLE, path
from coldchain_dashboards.panels import GREY, Column, Kit, Properties, link, value_map

CONSOLE: Final = f"${{{CONSOLE_VARIABLE}}}"
TIME: Final[Properties] = {"unit": "dateTimeAsIso"}
LEVELS: Final = {"none": GREY, "warning": "orange", "alarm": "red"}
STATES: Final = {
    "open": "red", "firing": "red",
    "acknowledged": "orange", "resolved_unacked": "orange", "latched": "orange",
    "shelved": "blue", "suppressed": "blue", "out_of_service": "blue",
    "resolved": "green", "closed": "green", "withdrawn": GREY, "merged": GREY,
}  # fmt: skip
ZONE_STATES: Final = {"in_use": "text", "planned": GREY, "empty": GREY, "maintenance": GREY}
KINDS: Final = (
    "excursion", "silence", "gateway_offline", "battery", "door", "mains",
    "clock", "calibration", "flat_line", "drift", "system", "flood", "unstable",
)  # fmt: skip


def said(kit: Kit, group: str, colours: dict[str, str]) -> Properties:
    """The values of a column in words and colours."""
    values = {value: (kit.text(f"{group}_{value}"), colour) for value, colour in colours.items()}
    return {"mappings": [value_map(values)]}


def zone_link(kit: Kit) -> Properties:
    """A zone's name leads to its board."""
    field = "${__data.fields.%s}"
    return link(
        kit.text("to_zone"),
        path("zone", kit.language, asset=field % "asset", zone=field % "zone"),
    )


def evidence_link(kit: Kit) -> Properties:
    """An excursion leads to the archive that proves it: all of its zone's readings around it."""
    times = "&from=${__data.fields.from_ms.numeric}&to=${__data.fields.to_ms.numeric}"
    zone = "?zone=${__data.fields.zone}"
    return link(kit.text("to_evidence"), f"{CONSOLE}/api/v1/evidence{zone}{times}", blank=True)


def of_excursions(kit: Kit, *, places: Sequence[str] = ("asset", "zone")) -> list[Column]:
    """The columns of a table of excursions."""
    return [
        Column(field="from_ms", width=170, properties=TIME),
        Column(field="to_ms", width=170, properties=TIME),
        *(Column(field=place, properties=zone_link(kit)) for place in places),
        Column(field="point"),
        Column(field="rule", width=110),
        Column(field="level", width=100, properties=said(kit, "level", LEVELS)),
        Column(field="state", width=120, properties=said(kit, "state", STATES)),
        Column(field="out_s", width=110, properties={"unit": "s"}),
        Column(field="peak", width=90, properties={"unit": "celsius", "decimals": 1}),
        Column(field="limit", width=90, properties={"unit": "celsius", "decimals": 1}),
        Column(field="id", width=130, properties=evidence_link(kit)),
    ]


def of_alerts(kit: Kit) -> list[Column]:
    """The columns of a table of alerts."""
    page = link(kit.text("to_alert"), f"{CONSOLE}/alerts/${{__data.fields.id}}", blank=True)
    return [
        Column(field="opened_ms", width=165, properties=TIME),
        Column(field="level", width=90, properties=said(kit, "level", LEVELS)),
        Column(field="state", width=115, properties=said(kit, "state", STATES)),
        Column(field="kind", width=130, properties=said(kit, "kind", dict.fromkeys(KINDS, "text"))),
        Column(field="asset"),
        Column(field="zone", properties=zone_link(kit)),
        Column(field="point"),
        Column(field="subject"),
        Column(field="acknowledge_s", width=130, properties={"unit": "s"}),
        Column(field="undelivered", width=120, properties={"decimals": 0}),
        Column(field="id", width=120, properties=page),
    ]

"""Panels as Grafana 9.3 draws them, each from queries and the texts of its board.

A panel `key` takes its title from the text `key`, its help from `key_help`, and what it says when there is
nothing to show from `key_empty`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

from coldchain.words import Language
from coldchain_dashboards.influxql import Query, Target
from coldchain_dashboards.wording import Wording

_PLAIN: Final = {"custom.displayMode": "color-text", "color": {"mode": "fixed", "fixedColor": "text"}}
"""Plain text also where a column has no value at all, which Grafana would show as the JSON word."""
Properties = Mapping[str, object]
Colours = Sequence[tuple[float | None, str]]
SOURCE: Final = model.DataSourceRef(type_val="influxdb", uid="${datasource}")
SHARE_COLOURS: Final = ((None, "red"), (0.95, "orange"), (0.99, "green"))
NONE_OR_RED: Final = ((None, "green"), (1.0, "red"))
GREY: Final = "#8e8e8e"
FAINT: Final = "rgba(128, 128, 128, 0.18)"
NO_VALUE: Final = "–"
"""What a field of a table shows in a row that has no value there."""
LETTERS: Final = "ABCDEFGH"
_CONNECTED_MS: Final = 15 * 60_000
"""Readings further apart than this are not joined by a line: the floor of the gap rule."""
_LASTS_MS: Final = 60 * 60_000
"""A state that nobody repeats is shown for so long: contacts speak when they change, and once an hour."""
_NUMBER: Final = {"reduceOptions": {"values": False, "calcs": ["lastNotNull"], "fields": ""}}
_LEGEND: Final = {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}
_TOOLTIP: Final = {"mode": "multi", "sort": "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: the field it shows, how wide, and what is special about it."""

    field: str
    width: int = 0  # pixels; 0: as it comes
    properties: Properties | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """How a large number looks.

    named   with the name of its column beside it
    also    further properties of a column that is named
    """

    unit: str = "none"
    decimals: int | None = None
    colours: Colours = ((None, "text"),)
    named: bool = False
    also: Mapping[str, Properties] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """Makes the panels of one board in one language."""

    board: str
    wording: Wording

    @property
    def language(self) -> Language:
        """The language of the texts."""
        return self.wording.language

    def text(self, key: str) -> str:
        """Give a text of this board."""
        return self.wording(self.board, key)

    def number(self, key: str, query: Query, look: Number, *, size: tuple[int, int] = (4, 4)) -> build.Panel:
        """One number for each column of the query, large."""
        panel = self._panel("stat", key, size, [Target(letter="A", query=query, alias="$col")])
        panel = panel.unit(look.unit).thresholds(_thresholds(look.colours))
        if look.decimals is not None:
            panel = panel.decimals(look.decimals)
        for name in query.columns if look.named else ():
            said: Properties = {"displayName": self.text(f"of_{name}"), **look.also.get(name, {})}
            panel = panel.override_by_name(name, _properties(said))
        return panel.options(
            {
                **_NUMBER,
                "orientation": "auto",
                "textMode": "value_and_name" if look.named else "value",
                "colorMode": "value",
                "graphMode": "none",
                "justifyMode": "center",
            }
        )

    def trend(
        self,
        key: str,
        targets: Sequence[tuple[Query, str]],
        *,
        unit: str,
        size: tuple[int, int] = (24, 9),
        custom: Properties | None = None,
    ) -> build.Panel:
        """Lines over time, one query and its alias each."""
        lines = {
            "drawStyle": "line",
            "lineInterpolation": "linear",
            "lineWidth": 1,
            "fillOpacity": 0,
            "showPoints": "auto",
            "pointSize": 4,
            "spanNulls": _CONNECTED_MS,
        }
        panel = self._panel("timeseries", key, size, _targets(targets))
        panel = panel.unit(unit).custom({**lines, **(custom or {})})
        return panel.options({"legend": _LEGEND, "tooltip": _TOOLTIP})

    def table(
        self,
        key: str,
        queries: Sequence[Query],
        columns: Sequence[Column],
        *,
        size: tuple[int, int] = (24, 8),
        ascending: str = "",
    ) -> build.Panel:
        """Rows of one or more queries, joined by their tags; columns in this order, headed `of_<field>`."""
        targets = [Target(letter=LETTERS[at], query=one, table=True) for at, one in enumerate(queries)]
        panel = self._panel("table", key, size, targets)
        panel = panel.custom({"align": "auto", "displayMode": "auto", "filterable": True})
        if len(queries) > 1:
            panel = panel.with_transformation(
                _transformation("filterFieldsByName", {"exclude": {"names": ["Time"]}})
            ).with_transformation(_transformation("merge", {}))
        panel = panel.with_transformation(_in_order(queries, columns))
        for column in columns:
            panel = panel.override_by_name(column.field, self._of_column(column))
        sort = [{"displayName": self.text(f"of_{ascending}"), "desc": False}] if ascending else []
        return panel.options({"showHeader": True, "footer": {"show": False}, "sortBy": sort})

    def states(
        self,
        key: str,
        targets: Sequence[tuple[Query, str]],
        values: Mapping[str, tuple[str, str]],
        *,
        size: tuple[int, int] = (24, 5),
    ) -> build.Panel:
        """Bars of states over time; each value has a text and a colour."""
        panel = self._panel("state-timeline", key, size, _targets(targets))
        panel = panel.mappings([value_map(values)]).custom(
            {"lineWidth": 0, "fillOpacity": 90, "spanNulls": _LASTS_MS}
        )
        return panel.options(
            {
                "mergeValues": True,
                "showValue": "never",
                "alignValue": "left",
                "rowHeight": 0.8,
                "legend": _LEGEND if values else {**_LEGEND, "showLegend": False},
                "tooltip": {"mode": "single", "sort": "none"},
            }
        )

    def days(self, key: str, query: Query, *, unit: str, size: tuple[int, int]) -> build.Panel:
        """Days as columns, zones as rows, a colour in each field."""
        panel = self._panel("status-history", key, size, _targets([(query, "$tag_zone")]))
        panel = panel.unit(unit).decimals(1).custom({"lineWidth": 0, "fillOpacity": 85})
        return panel.options(
            {
                "showValue": "never",
                "rowHeight": 0.85,
                "colWidth": 0.95,
                "legend": {**_LEGEND, "showLegend": False},
                "tooltip": {"mode": "single", "sort": "none"},
            }
        )

    def folded(self, key: str, panel: build.Panel) -> build.Row:
        """A panel folded away under its title."""
        return build.Row(self.text(key)).collapsed(True).with_panel(panel)

    def map(self, key: str, queries: Sequence[Query], colour: str, *, size: tuple[int, int]) -> build.Panel:
        """Marks on a map by `latitude` and `longitude`, coloured by a field, called by `asset`."""
        targets = [Target(letter=LETTERS[at], query=one, table=True) for at, one in enumerate(queries)]
        panel = self._panel("geomap", key, size, targets)
        panel = panel.with_transformation(
            _transformation("filterFieldsByName", {"exclude": {"names": ["Time"]}})
        ).with_transformation(_transformation("merge", {}))
        return panel.options(_map_options(self.text(key), colour))

    def _panel(self, kind: str, key: str, size: tuple[int, int], targets: Sequence[Target]) -> build.Panel:
        panel = build.Panel().type(kind).title(self.text(key)).description(self.text(f"{key}_help"))
        panel = panel.datasource(SOURCE).span(size[0]).height(size[1]).no_value(self.text(f"{key}_empty"))
        for target in targets:
            panel = panel.with_target(target)
        return panel

    def _of_column(self, column: Column) -> list[model.DynamicConfigValue]:
        width = {"custom.width": column.width} if column.width else {}
        said = {"displayName": self.text(f"of_{column.field}"), "noValue": NO_VALUE, **_PLAIN}
        return _properties({**said, **width, **(column.properties or {})})


def value_map(values: Mapping[str, tuple[str, str]]) -> model.ValueMap:
    """Say values by texts and colours."""
    return model.ValueMap(
        options={
            value: model.ValueMappingResult(text=text, color=colour, index=at)
            for at, (value, (text, colour)) in enumerate(values.items())
        }
    )


def when_empty(text: str) -> model.SpecialValueMap:
    """Say a text in grey where a row has no value."""
    result = model.ValueMappingResult(text=text, color=GREY, index=0)
    return model.SpecialValueMap(
        options=model.DashboardSpecialValueMapOptions(match=model.SpecialValueMatch.NULL, result=result)
    )


def coloured(colours: Colours) -> Properties:
    """The properties of a column that is coloured by its value."""
    return {
        "custom.displayMode": "color-background-solid",
        "color": {"mode": "thresholds"},
        "thresholds": {
            "mode": "absolute",
            "steps": [{"value": value, "color": colour} for value, colour in colours],
        },
    }


def link(title: str, url: str, *, blank: bool = False) -> Properties:
    """The property of a column whose values lead somewhere."""
    return {"links": [{"title": title, "url": url, "targetBlank": blank}]}


def thresholds(panel: build.Panel, colours: Colours) -> build.Panel:
    """Colour the values of a panel by thresholds."""
    by_value = build.FieldColor().mode(model.FieldColorModeId.THRESHOLDS)
    return panel.thresholds(_thresholds(colours)).color_scheme(by_value)


def look(panel: build.Panel, name: str, properties: Properties, *, pattern: bool = False) -> build.Panel:
    """Let the series of a name, or of names that fit a pattern, look different."""
    made = _properties(properties)
    return panel.override_by_regexp(name, made) if pattern else panel.override_by_name(name, made)


def named(panel: build.Panel, language: Language) -> build.Panel:
    """Let series that are called in both languages (`Front / 前部`) be called in one."""
    wanted = "$1$2" if language is Language.EN else "$1$3"
    return panel.with_transformation(
        _transformation("renameByRegex", {"regex": "/^(.*: )?(.+) \\/ (.+)$/", "renamePattern": wanted})
    )


def each_panel(whole: model.Dashboard) -> Iterator[model.Panel]:
    """Every panel of a dashboard, those folded away too."""
    for one in whole.panels or ():
        if isinstance(one, model.Panel):
            yield one
        elif isinstance(one, model.RowPanel):
            yield from one.panels


def _targets(queries: Sequence[tuple[Query, str]]) -> list[Target]:
    return [Target(letter=LETTERS[at], query=query, alias=alias) for at, (query, alias) in enumerate(queries)]


def _thresholds(colours: Colours) -> build.ThresholdsConfig:
    steps = [model.Threshold(value=value, color=colour) for value, colour in colours]
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _properties(properties: Properties) -> list[model.DynamicConfigValue]:
    return [model.DynamicConfigValue(id_val=name, value=value) for name, value in properties.items()]


def _transformation(name: str, options: object) -> model.DataTransformerConfig:
    return model.DataTransformerConfig(id_val=name, options=options)


def _in_order(queries: Sequence[Query], columns: Sequence[Column]) -> model.DataTransformerConfig:
    """Put the columns in order and leave out what the queries bring besides."""
    wanted = [column.field for column in columns]
    brought = {"Time", *(name for one in queries for name in (*one.tags, *one.columns))}
    return _transformation(
        "organize",
        {
            "indexByName": {name: at for at, name in enumerate(wanted)},
            "excludeByName": dict.fromkeys(sorted(brought - set(wanted)), True),
            "renameByName": {},
        },
    )


def _map_options(name: str, colour: str) -> dict[str, object]:
    style = {
        "color": {"field": colour, "fixed": GREY},
        "opacity": 0.9,
        "size": {"fixed": 8, "min": 5, "max": 15},
        "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
        "text": {"field": "asset", "fixed": "", "mode": "field"},
        "textConfig": {
            "fontSize": 12, "offsetX": 0, "offsetY": 18, "textAlign": "center", "textBaseline": "middle",
        },
    }  # fmt: skip
    layer = {
        "type": "markers",
        "name": name,
        "config": {"style": style, "showLegend": False},
        "location": {"mode": "coords", "latitude": "latitude", "longitude": "longitude"},
        "tooltip": True,
    }
    return {
        "view": {"id": "fit", "lat": 0, "lon": 0, "zoom": 11, "allLayers": True},
        "controls": {"showZoom": True, "mouseWheelZoom": False, "showAttribution": True},
        "basemap": {"type": "default", "name": "Basemap"},
        "layers": [layer],
        "tooltip": {"mode": "details"},
    }

"""A query in InfluxQL as a value: what it asks, which columns come back, and when rows are to be expected."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery

TIME_RANGE: Final = "$timeFilter"
"""What Grafana replaces by the time range of the dashboard."""
PLACE: Final = (
    '"organisation" =~ /^${organisation:regex}$/',
    '"asset" =~ /^${asset:regex}$/',
    '"zone" =~ /^${zone:regex}$/',
)
"""The place that is chosen above the panels; each is one name, several, or all."""

_NAME: Final = re.compile(r'"(\w+)"')


def quoted(name: str) -> str:
    """Quote a name of a measurement, tag or field."""
    return f'"{name}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One SELECT.

    purpose     what it asks, in a sentence
    columns     name of each column → the expression that fills it; the time stands before them
    source      a measurement's name, or another query
    tags        by which the rows are grouped; each stands in a column of its own in tables
    every       length of the steps in time, empty: one row per group, or raw points
    fill        what an empty step holds: `none`, `null`, `previous`
    newest      at most so many rows of each group, the newest first; 0: all. The newest one is had so at no
                cost, where LAST() reads the whole time
    only_when   why an answer may be empty though all is well; empty: it must have rows
    """

    purpose: str
    columns: Mapping[str, str]
    source: "str | Query"
    where: tuple[str, ...]
    tags: tuple[str, ...] = ()
    every: str = ""
    fill: str = ""
    newest: int = 0
    only_when: str = ""

    @property
    def text(self) -> str:
        """The statement, with Grafana's placeholders."""
        columns = ", ".join(f"{said} AS {quoted(name)}" for name, said in self.columns.items())
        source = quoted(self.source) if isinstance(self.source, str) else f"({self.source.text})"
        parts = ["SELECT", columns, "FROM", source]
        if self.where:
            parts.append("WHERE " + " AND ".join(self.where))
        grouped = ([f"time({self.every})"] if self.every else []) + [quoted(tag) for tag in self.tags]
        if grouped:
            parts.append("GROUP BY " + ", ".join(grouped))
        if self.fill:
            parts.append(f"fill({self.fill})")
        if self.newest:
            parts.append(f"ORDER BY time DESC LIMIT {self.newest}")
        return " ".join(parts)

    @property
    def names(self) -> tuple[str, set[str]]:
        """The measurement that is read in the end, and the fields and tags of it that are named."""
        if not isinstance(self.source, str):
            return self.source.names
        said = " ".join((*self.columns.values(), *self.where, *map(quoted, self.tags)))
        return self.source, set(_NAME.findall(said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Dataquery, Builder[Dataquery]):
    """A query at its place in a panel, as Grafana's InfluxDB data source keeps it.

    letter  Grafana's name of the query within the panel
    alias   how series are called, with `$tag_…`; empty for tables
    """

    letter: str
    query: Query
    alias: str = ""
    table: bool = False

    def build(self) -> "Target":
        """Give itself: it is its own builder."""
        return self

    def to_json(self) -> dict[str, object]:
        """The query as dashboards hold it."""
        said: dict[str, object] = {
            "refId": self.letter,
            "datasource": {"type": "influxdb", "uid": "${datasource}"},
            "rawQuery": True,
            "query": self.query.text,
            "resultFormat": "table" if self.table else "time_series",
        }
        return said | ({"alias": self.alias} if self.alias else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What stands above the panels: the place, the time range, and the step that follows from the latter.

    An empty tuple means all.
    """

    from_ms: int
    to_ms: int
    interval_ms: int = 60_000
    organisations: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()

    def no_finer_than(self, least_ms: int) -> "Chosen":
        """The same with steps of at least so long, as a panel with a least interval asks."""
        return replace(self, interval_ms=max(self.interval_ms, least_ms))

    def fill(self, text: str) -> str:
        """Replace placeholders as Grafana does."""
        values = {
            TIME_RANGE: f"time >= {self.from_ms}ms AND time <= {self.to_ms}ms",
            "${organisation:regex}": _any(self.organisations),
            "${asset:regex}": _any(self.assets),
            "${zone:regex}": _any(self.zones),
            "${__from}": str(self.from_ms),
            "${__to}": str(self.to_ms),
            "$__interval": f"{self.interval_ms}ms",
        }
        for name, value in values.items():
            text = text.replace(name, value)
        return text


def _any(names: tuple[str, ...]) -> str:
    escaped = [re.sub(r"[\\^$*+?.()|[\]{}/]", r"\\\g<0>", name) for name in names]
    return "(" + "|".join(escaped) + ")" if escaped else ".*"

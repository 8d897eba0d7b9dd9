"""Every query of every panel, asked as Grafana would ask it: has it rows, of the shape that is drawn?"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from coldchain.errors import InvalidInput
from coldchain.words import Language
from coldchain_dashboards.board import Region, uid
from coldchain_dashboards.boards import BOARDS, made
from coldchain_dashboards.influx import Influx, Series
from coldchain_dashboards.influxql import Chosen, Query, Target
from coldchain_dashboards.panels import each_panel

STEPS: Final = 1000
"""About so many steps Grafana asks for over the width of a screen."""
_UNITS_MS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SPAN: Final = re.compile(r"(\d+)([mhd])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One query of one panel and what came back.

    problem  what is wrong with it; empty: nothing
    not_yet  why it is right that nothing came back; empty: something did
    """

    board: str
    panel: str
    letter: str
    rows: int
    problem: str = ""
    not_yet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How boards are asked: until when, of which zone (empty: the first that there is).

    since   a time range for all boards, such as `24h`, instead of each one's own
    """

    influx: Influx
    now_ms: int
    language: Language = Language.EN
    zone: str = ""
    since: str = ""

    def boards(self) -> Iterator[Asked]:
        """Ask every board."""
        zone = self.zone or self._first_zone()
        for name in BOARDS:
            yield from self.board(name, zone)

    def board(self, name: str, zone: str) -> Iterator[Asked]:
        """Ask one board: the choices above it, its panels, its regions."""
        whole = made(name, self.language)
        chosen = self._chosen(whole, zone if name == "zone" else "")
        where = uid(name, self.language)
        yield from self._choices(where, whole, chosen)
        for panel in each_panel(whole):
            yield from self._panel(where, panel, chosen)
        for region in whole.annotations.list_val or ():
            if isinstance(region.target, Region):
                yield self._asked(where, region.name, "-", region.target.query, chosen)

    def _panel(self, where: str, panel: Panel, chosen: Chosen) -> Iterator[Asked]:
        least = span_ms(panel.interval) if panel.interval else 0
        steps = int(panel.max_data_points or STEPS)
        mine = chosen.no_finer_than(max(least, (chosen.to_ms - chosen.from_ms) // steps))
        for target in panel.targets or ():
            if isinstance(target, Target):
                yield self._asked(where, panel.title or "", target.letter, target.query, mine)

    def _choices(self, where: str, whole: Dashboard, chosen: Chosen) -> Iterator[Asked]:
        for variable in whole.templating.list_val or ():
            if isinstance(variable.query, str) and variable.query.startswith("SHOW"):
                series, problem = self._answer(chosen.fill(variable.query))
                rows = sum(len(one.values) for one in series)
                problem = problem or ("" if rows else "nothing to choose from")
                yield Asked(board=where, panel=variable.label or "", letter="$", rows=rows, problem=problem)

    def _asked(self, where: str, panel: str, letter: str, query: Query, chosen: Chosen) -> Asked:
        series, problem = self._answer(chosen.fill(query.text))
        rows = sum(len(one.values) for one in series)
        problem = problem or "; ".join(shape_mistakes(query, series))
        not_yet = ""
        if not problem and not rows:
            problem, not_yet = ("", self._why_empty(query)) if query.only_when else ("no rows", "")
        return Asked(board=where, panel=panel, letter=letter, rows=rows, problem=problem, not_yet=not_yet)

    def _why_empty(self, query: Query) -> str:
        """What has to happen before there are rows, and whether anything of the kind was ever mirrored."""
        measurement, names = query.names
        fields, _ = self._answer(f'SHOW FIELD KEYS FROM "{measurement}"')
        tags, _ = self._answer(f'SHOW TAG KEYS FROM "{measurement}"')
        there = {str(row[0]) for one in (*fields, *tags) for row in one.values}
        never = sorted(names - there)
        if not there:
            return f"rows come when {query.only_when}; no `{measurement}` was ever mirrored"
        return f"rows come when {query.only_when}" + (
            f"; never mirrored: {', '.join(never)}" if never else ""
        )

    def _answer(self, statement: str) -> tuple[list[Series], str]:
        try:
            return self.influx.ask(statement), ""
        except InvalidInput as refused:
            return [], str(refused)

    def _first_zone(self) -> str:
        series, _ = self._answer('SHOW TAG VALUES FROM "limit" WITH KEY = "zone"')
        return next((str(row[1]) for one in series for row in one.values), "")

    def _chosen(self, whole: Dashboard, zone: str) -> Chosen:
        since = self.since or str(whole.time.from_val if whole.time else "").removeprefix("now-")
        length = span_ms(since)
        return Chosen(
            from_ms=self.now_ms - length,
            to_ms=self.now_ms,
            interval_ms=max(1000, length // STEPS),
            zones=(zone,) if zone else (),
        )


def span_ms(said: str) -> int:
    """A length of time as Grafana writes it (`15m`, `24h`, `90d`), ms; InvalidInput for anything else."""
    found = _SPAN.fullmatch(said)
    if found is None:
        raise InvalidInput(f"{said!r} is no length of time; write it as 15m, 24h or 90d")
    return int(found[1]) * _UNITS_MS[found[2]]


def shape_mistakes(query: Query, answer: Sequence[Series]) -> list[str]:
    """What is different in an answer from what the panel draws."""
    wanted = ("time", *query.columns)
    mistakes = {f"columns {', '.join(one.columns)}" for one in answer if one.columns != wanted}
    mistakes |= {
        f"grouped by {', '.join(one.tags) or 'nothing'}" for one in answer if set(one.tags) != set(query.tags)
    }
    mistakes |= {"a column without any value: " + name for name in _empty(query, answer)}
    return sorted(mistakes)


def _empty(query: Query, answer: Sequence[Series]) -> list[str]:
    """Columns in which no row has a value, where only one is asked for: a name that is not mirrored."""
    if not answer or len(query.columns) != 1:
        return []
    filled = any(row[1] is not None for one in answer for row in one.values)
    return [] if filled else list(query.columns)

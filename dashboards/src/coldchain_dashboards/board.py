"""What every board has: its address, the choices above the panels, ways to other boards and the console."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

from coldchain.words import Language
from coldchain_dashboards.influxql import Query
from coldchain_dashboards.panels import SOURCE, Kit, each_panel

TAG: Final = "coldchain"
DATASOURCE: Final = "Coldchain"
"""Name of the data source that is chosen until somebody chooses another."""
CONSOLE: Final = "http://localhost:8080"
"""Where links to the console lead unless another address is given when dashboards are built or brought."""
CONSOLE_VARIABLE: Final = "console"
SOURCE_VARIABLE: Final = "datasource"
ALL: Final = ".*"
_PLACES: Final = ("organisation", "asset", "zone")
Panels = Sequence[build.Panel | build.Row]
_Variable = Builder[model.VariableModel]


class Region(model.AnnotationTarget, Builder[model.AnnotationTarget]):
    """A query whose rows are drawn as regions over the time axis: text, labels and end are columns of it."""

    def __init__(self, query: Query, *, text: str, labels: Sequence[str], until: str) -> None:
        super().__init__()
        self.query, self.text, self.labels, self.until = query, text, tuple(labels), until

    def build(self) -> "Region":
        """Give itself: it is its own builder."""
        return self

    def to_json(self) -> dict[str, object]:
        """The query as annotations hold it."""
        return {
            "refId": "Anno",
            "fromAnnotations": True,
            "queryType": "tags",
            "query": self.query.text,
            "textColumn": self.text,
            "tagsColumn": ",".join(self.labels),
            "timeEndColumn": self.until,
            "titleColumn": "",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One board before it is a dashboard.

    places   the choices above the panels, from the largest to the smallest
    single   of those, the one that is always one name
    regions  text key, colour and query of each kind of region
    """

    panels: Panels
    places: tuple[str, ...] = _PLACES
    single: str = ""
    since: str = "now-24h"
    refresh: str = "1m"
    regions: Sequence[tuple[str, str, Region]] = ()


def uid(name: str, language: Language) -> str:
    """The lasting address of a board in a language."""
    return f"{TAG}-{name}-{language.value}"


def path(name: str, language: Language, **values: str) -> str:
    """The way to a board with the time range kept and these choices made."""
    chosen = "".join(f"&var-{choice}={value}" for choice, value in values.items())
    return f"/d/{uid(name, language)}?${{__url_time_range}}{chosen}"


def dashboard(name: str, board: Board, kit: Kit) -> model.Dashboard:
    """Put a board together."""
    made = build.Dashboard(kit.text("title")).uid(uid(name, kit.language)).description(kit.text("help"))
    made = made.tags([TAG, _tag(kit.language)]).timezone("browser").editable()
    made = made.time(board.since, "now").refresh(board.refresh)
    made = made.tooltip(model.DashboardCursorSync.CROSSHAIR)
    made = made.variables(_variables(board, kit)).links(_links(name, kit))
    made = made.annotations([_annotation(kit, *region) for region in board.regions])
    for panel in board.panels:
        made = made.with_row(panel) if isinstance(panel, build.Row) else made.with_panel(panel)
    whole = made.build()
    number = 0
    for number, drawn in enumerate(each_panel(whole), start=1):
        drawn.id_val = number
    for at, row in enumerate(one for one in whole.panels or () if isinstance(one, model.RowPanel)):
        row.id_val = number + 1 + at
    return whole


def _tag(language: Language) -> str:
    return f"{TAG}-{language.value}"


def _variables(board: Board, kit: Kit) -> list[_Variable]:
    """Each has its name as id: Grafana 9 tells variables apart by that."""
    source = (
        build.DatasourceVariable(SOURCE_VARIABLE)
        .id(SOURCE_VARIABLE)
        .label(kit.text("datasource"))
        .type("influxdb")
    )
    source = source.current(model.VariableOption(selected=True, text=DATASOURCE, value=DATASOURCE))
    console = (
        build.ConstantVariable(CONSOLE_VARIABLE)
        .id(CONSOLE_VARIABLE)
        .label(kit.text("console"))
        .value(CONSOLE)
    )
    places = [_place(place, kit, single=place == board.single) for place in board.places]
    return [source, *places, console]


def _place(place: str, kit: Kit, *, single: bool) -> build.QueryVariable:
    larger = _PLACES[: _PLACES.index(place)]
    within = " AND ".join(f'"{one}" =~ /^${{{one}:regex}}$/' for one in larger)
    query = f'SHOW TAG VALUES FROM "limit" WITH KEY = "{place}"' + (f" WHERE {within}" if within else "")
    made = build.QueryVariable(place).id(place).label(kit.text(place)).datasource(SOURCE).query(query)
    made = made.refresh(model.VariableRefresh.ON_DASHBOARD_LOAD)
    made = made.sort(model.VariableSort.ALPHABETICAL_ASC)
    if single:
        return made
    every = model.VariableOption(selected=True, text=[kit.text("all")], value=["$__all"])
    return made.multi(True).include_all(True).all_value(ALL).current(every)


def _links(name: str, kit: Kit) -> list[Builder[model.DashboardLink]]:
    boards = build.DashboardLink(kit.text("boards")).type(model.DashboardLinkType.DASHBOARDS)
    boards = boards.tags([_tag(kit.language)]).include_vars(True).keep_time(True)
    console = build.DashboardLink(kit.text("console")).type(model.DashboardLinkType.LINK)
    console = console.url(f"${{{CONSOLE_VARIABLE}}}/").icon("external link").target_blank(True)
    other = Language.EN if kit.language is Language.ZH else Language.ZH
    translated = build.DashboardLink(kit.text("other_language")).type(model.DashboardLinkType.LINK)
    translated = translated.url(f"/d/{uid(name, other)}").icon("doc").include_vars(True).keep_time(True)
    return [boards, console, translated]


def _annotation(kit: Kit, key: str, colour: str, region: Region) -> build.AnnotationQuery:
    made = build.AnnotationQuery().name(kit.text(key)).datasource(SOURCE).enable(True)
    return made.hide(False).icon_color(colour).target(region)

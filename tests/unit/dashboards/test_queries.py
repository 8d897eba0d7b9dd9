"""Every query asks for what the mirror writes, and says what it wants in InfluxQL that both versions read."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coldchain.words import Language
from coldchain_backend.mirror import SHAPES
from coldchain_dashboards.board import Region
from coldchain_dashboards.boards import BOARDS, made
from coldchain_dashboards.influxql import PLACE, TIME_RANGE, Chosen, Query, Target, quoted
from coldchain_dashboards.panels import each_panel
from support.soak import rounds

NAMED = re.compile(r'"([^"]+)"')
SINCE_1_7 = ("CEIL(", "ROUND(", "ABS(", "LN(", "LOG(", "POW(", "SQRT(", "EXP(")
HOUR = Chosen(from_ms=1_795_000_000_000, to_ms=1_795_003_600_000, interval_ms=10_000)


def queries() -> Iterator[tuple[str, Query]]:
    """Every query of every board with the place where it stands."""
    for name in BOARDS:
        whole = made(name, Language.ZH)
        for panel in each_panel(whole):
            for target in panel.targets or ():
                assert isinstance(target, Target)
                yield f"{name}: {panel.title} {target.letter}", target.query
        for region in whole.annotations.list_val or ():
            assert isinstance(region.target, Region)
            yield f"{name}: {region.name}", region.target.query


ALL = dict(queries())
each = pytest.mark.parametrize("where", ALL)


def innermost(query: Query) -> Query:
    """The query that reads a measurement."""
    return query if isinstance(query.source, str) else innermost(query.source)


@each
def test_it_names_nothing_that_the_mirror_does_not_write(where: str) -> None:
    query = ALL[where]
    while isinstance(query.source, Query):
        known = {*query.source.columns, *query.source.tags}
        assert set(NAMED.findall("".join((*query.columns.values(), *query.where)))) <= known
        query = query.source
    shape = SHAPES[query.source]
    written = {*shape.tags, *shape.fields}
    assert set(NAMED.findall("".join((*query.columns.values(), *query.where)))) <= written
    assert set(query.tags) <= set(shape.tags)


@each
def test_it_says_what_it_asks_and_is_bounded_in_time(where: str) -> None:
    query = ALL[where]
    assert query.purpose.endswith(".")
    assert "time" in " ".join(innermost(query).where) or TIME_RANGE in innermost(query).where


@each
def test_it_speaks_to_both_versions_of_influxdb(where: str) -> None:
    text = ALL[where].text
    assert not [function for function in SINCE_1_7 if function in text.upper()], "not in InfluxQL of 1.6"
    assert "::" not in text


@each
def test_no_placeholder_is_left_when_it_is_asked(where: str) -> None:
    asked = HOUR.fill(ALL[where].text)
    assert "$" not in asked.replace("$/", "")


def test_fields_of_excursions_and_alerts_are_asked_where_they_were_open_long_before() -> None:
    still = [
        text for text in (one.text for one in ALL.values()) if "'open'" in text or '"open" = true' in text
    ]
    assert len(still) > 5
    assert all(TIME_RANGE not in text for text in still), "what goes on may have begun before the time range"


def test_a_query_in_another_keeps_its_own_conditions() -> None:
    inner = Query(purpose="In.", columns={"a": 'SUM("x")'}, source="m", where=("time > 0",), tags=("zone",))
    outer = Query(purpose="Out.", columns={"a": '"a"'}, source=inner, where=('"a" > 1',), tags=("zone",))
    assert outer.text == (
        'SELECT "a" AS "a" FROM (SELECT SUM("x") AS "a" FROM "m" WHERE time > 0 GROUP BY "zone") '
        'WHERE "a" > 1 GROUP BY "zone"'
    )


def test_steps_filling_order_and_length_stand_in_the_order_that_influxql_wants() -> None:
    query = Query(
        purpose="All.",
        columns={"a": 'MAX("x")'},
        source="m",
        where=(TIME_RANGE,),
        tags=("zone",),
        every="1h",
        fill="none",
        newest=5,
    )
    assert query.text.endswith('GROUP BY time(1h), "zone" fill(none) ORDER BY time DESC LIMIT 5')


@given(name=st.text(min_size=1), other=st.text(min_size=1))
@example(name="a.b", other="axb")
@example(name="a/b", other="a")
@example(name="冷库(1)", other="冷库1")
@example(name="$", other="")
@settings(max_examples=rounds(25, 2000))
def test_a_chosen_name_chooses_itself_alone(name: str, other: str) -> None:
    chosen = Chosen(from_ms=0, to_ms=1, zones=(name,))
    pattern = chosen.fill(PLACE[2]).partition("/^")[2].rpartition("$/")[0].replace(r"\/", "/")
    assert re.fullmatch(pattern, name)
    assert other == name or not re.fullmatch(pattern, other)


def test_several_are_chosen_by_any_of_them_and_none_means_all() -> None:
    assert "/^(a|b)$/" in Chosen(from_ms=0, to_ms=1, assets=("a", "b")).fill(PLACE[1])
    assert "/^.*$/" in Chosen(from_ms=0, to_ms=1).fill(PLACE[1])


def test_a_panel_with_a_least_step_is_asked_no_finer() -> None:
    assert HOUR.no_finer_than(60_000).interval_ms == 60_000
    assert HOUR.no_finer_than(0).interval_ms == 10_000


def test_names_are_quoted() -> None:
    assert quoted("time_x") == '"time_x"'

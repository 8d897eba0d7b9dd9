"""Values → lines: every line is read back by the strict reader with the types that the shapes promise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.builtin_profiles import BUILTIN
from coldchain.exposure import Account, RuleAccount
from coldchain.lineprotocol import Line, parse
from coldchain.quantities import QUANTITIES
from coldchain.readings import Quality
from coldchain_backend.mirror import SHAPES, FieldKind, Shape
from coldchain_backend.mirror.points import (
    account_fields,
    gap_lines,
    gateway_line,
    line,
    mark_line,
    nearest,
    reading_lines,
    tag,
    tied_ns,
)

TAGS = {"organisation": "demo", "asset": "store", "zone": "z", "point": "p", "sensor": "s"}
PYTHON = {FieldKind.FLOAT: float, FieldKind.INT: int, FieldKind.BOOL: bool, FieldKind.TEXT: str}


def read(text: str) -> Line:
    [found] = parse(text.encode())
    assert isinstance(found, Line), found
    return found


def promised(shape: Shape, one: Line) -> None:
    """All fields are of the types that the table says."""
    for name, value in one.fields.items():
        if name in shape.fields:
            assert type(value) is PYTHON[shape.fields[name].kind], name


words = st.text(min_size=1, max_size=20)


@given(words)
def test_any_name_can_be_a_tag(name: str) -> None:
    found = read(f"m,a={tag(name)} v=1.0 5")
    if name.isprintable() and not name.endswith("\\"):
        assert found.tags == {"a": name}


@given(words, st.integers(0, 1 << 50))
def test_any_text_can_be_a_field(text: str, at_ms: int) -> None:
    if any(not letter.isprintable() and not letter.isspace() for letter in text):
        return
    found = read(line(SHAPES["alert"], {"class": "alarm", "kind": "x"}, {"detail": text}, at_ms))
    assert isinstance(found.fields["detail"], str)


@pytest.mark.parametrize("name", sorted(QUANTITIES))
def test_every_quantity_is_written_in_its_type(name: str) -> None:
    quantity = QUANTITIES[name]
    value = {"float": float(quantity.low), "int": int(quantity.low), "bool": True}[quantity.kind]
    [text] = reading_lines(TAGS, [5], {name: [value]}, Quality.GOOD, "gw")
    found = read(text)
    promised(SHAPES["reading"], found)
    assert found.fields == {name: value, "quality": "good", "gateway": "gw"}
    assert found.tags == TAGS


@given(
    st.lists(
        st.tuples(st.integers(0, 1 << 50), st.floats(-200, 850), st.booleans()), min_size=1, max_size=20
    ),
    st.sampled_from(Quality),
    st.sampled_from((None, "gw", 'gate,way 100% "x"')),
)
def test_columns_become_lines(
    rows: list[tuple[int, float, bool]], quality: Quality, gateway: str | None
) -> None:
    times, values, doors = (list(column) for column in zip(*rows, strict=True))
    fields = {"temperature": values, "door_open": doors}
    lines = reading_lines(TAGS, times, fields, quality, gateway)
    via = {} if gateway is None else {"gateway": gateway}
    for text, (at_ms, value, door) in zip(lines, rows, strict=True):
        found = read(text)
        assert found.time == at_ms
        assert found.fields == {"temperature": value, "door_open": door, "quality": quality.value, **via}


def test_names_with_signs_of_a_format_are_written_as_they_are() -> None:
    tags = {**TAGS, "point": "50% of it", "sensor": "a,b=c %d"}
    [text] = reading_lines(tags, [5], {"temperature": [1.5]}, Quality.GOOD, "100%")
    assert read(text).tags == tags


def test_a_tag_with_nothing_to_name_is_left_out() -> None:
    text = line(
        SHAPES["alert"], {"class": "system", "kind": "system", "asset": "", "zone": ""}, {"id": "a"}, 5
    )
    assert read(text).tags == {"class": "system", "kind": "system"}


def test_a_gap_has_a_begin_hours_and_an_end() -> None:
    closed = [read(text) for text in gap_lines(TAGS, 10, 90, [40, 80], 90)]
    assert [(one.time, one.fields["unknown"]) for one in closed] == [
        (10, 1.0),
        (40, 1.0),
        (80, 1.0),
        (90, 0.0),
    ]
    assert all(one.fields["to_ms"] == 90 and one.fields["seconds"] == 0.08 for one in closed)
    [still] = [read(text) for text in gap_lines(TAGS, 10, None, [], None)]
    assert still.fields == {"unknown": 1.0, "from_ms": 10}


def test_numbers_of_a_gateway_are_floats_whatever_it_sent() -> None:
    said: dict[str, float | int | bool | str] = {
        "outbox_batches": 3,
        "rss_bytes": 4.5,
        "clock_trusted": True,
        "version": "1.2",
        "later": 7,
    }
    found = read(gateway_line("demo", "gw", "t7", said, (5, 9)))
    promised(SHAPES["gateway"], found)
    assert found.fields["later"] == 7.0
    assert type(found.fields["later"]) is float
    assert (found.fields["asset"], found.fields["received_ms"], found.time) == ("t7", 9, 5)


def test_our_mark_names_the_filling() -> None:
    found = read(mark_line("demo", "abc", 7, 8, 9))
    promised(SHAPES["mirror"], found)
    assert found.fields == {"fill": "abc", "ledger": 7, "stamp_ms": 8}


@given(st.integers(0, 1 << 42), st.text(max_size=30), st.text(max_size=30))
def test_points_of_one_instant_are_kept_apart_within_it(at_ms: int, one: str, other: str) -> None:
    assert tied_ns(at_ms, one) // 1_000_000 == at_ms
    assert (tied_ns(at_ms, one) == tied_ns(at_ms, other)) == (one == other)


@pytest.mark.parametrize(
    ("covered_ms", "unknown_ms", "in_ms", "conform"),
    [
        (3_600_000, 0, 3_600_000, 1.0),
        (3_600_000, 0, 1_800_000, 0.5),
        (3_420_000, 180_000, 3_420_000, 0.95),
        (3_419_999, 180_001, 3_419_999, -1.0),
        (0, 3_600_000, 0, -1.0),
        (0, 0, 0, None),
    ],
)
def test_a_cell_is_conform_only_where_enough_is_known(
    covered_ms: int, unknown_ms: int, in_ms: int, conform: float | None
) -> None:
    profile = BUILTIN["demo"]
    assert profile.required_coverage == 0.95
    account = Account(
        activation_kj_mol=profile.activation_kj_mol,
        covered_ms=covered_ms,
        unknown_ms=unknown_ms,
        in_ms=in_ms,
        rules=tuple(RuleAccount(rule=rule.name) for rule in profile.rules),
    )
    tags = {**TAGS, "quantity": "temperature", "profile": "demo@1", "cell": "hour"}
    del tags["sensor"]
    near = nearest(profile, "temperature")
    fields = account_fields(account, profile, "temperature", near, whole=True)
    found = read(line(SHAPES["compliance"], tags, fields, 1_795_000_000_000))
    promised(SHAPES["compliance"], found)
    assert found.fields.get("conform") == conform

"""Checked documents: every mistake with its file, line and key; no document can do harm."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import ConfigError, InvalidInput
from coldchain_runtime.documents import (
    Duration,
    Place,
    Size,
    duration_ms,
    duration_text,
    key_text,
    load_toml,
    load_yaml,
    size_bytes,
    structure,
    toml_text,
    yaml_text,
)


class Parity(StrEnum):
    NONE = "N"
    EVEN = "E"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    address: int
    sensor: str
    interval: Duration = 5_000

    def __post_init__(self) -> None:
        if not 1 <= self.address <= 247:
            raise InvalidInput(f"an address is 1 to 247, not {self.address}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus:
    kind: Literal["bus"] = "bus"
    name: str
    parity: Parity = Parity.NONE
    unit: tuple[Unit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    kind: Literal["broker"] = "broker"
    name: str
    topics: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    name: str
    room: Size = 0
    limit: float | None = None
    watch: Path = Path("watch.json")
    enabled: bool = True
    source: tuple[Bus | Broker, ...] = ()


TOML = """\
# a station
name = "cq"            # its name
room = "64MB"
limit = 8

[[source]]
kind = "bus"
name = "bus-1"
parity = "E"

[[source.unit]]
address = 1
sensor = "a"
interval = "2s"

[[source.unit]]
address = 2
sensor = "b"

[[source]]
kind = "broker"
name = "zigbee"
topics = { "a/b" = "x" }
"""
YAML = """\
name: cq   # its name
room: 64MB
limit: 8
source:
  - kind: bus
    name: bus-1
    parity: E
    unit:
      - {address: 1, sensor: a, interval: 2s}
      - address: 2
        sensor: b
  - kind: broker
    name: zigbee
    topics: {a/b: x}
"""
STATION = Station(
    name="cq",
    room=64_000_000,
    limit=8.0,
    source=(
        Bus(
            name="bus-1",
            parity=Parity.EVEN,
            unit=(Unit(address=1, sensor="a", interval=2_000), Unit(address=2, sensor="b")),
        ),
        Broker(name="zigbee", topics={"a/b": "x"}),
    ),
)


def mistakes_of_toml(text: str) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ConfigError) as caught:
        toml_text(text, Station, file="station.toml")
    assert {mistake.file for mistake in caught.value.mistakes} == {"station.toml"}
    return [(mistake.line, mistake.key, mistake.message) for mistake in caught.value.mistakes]


def mistakes_of_yaml(text: str) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ConfigError) as caught:
        yaml_text(text, Station, file="station.yaml")
    return [(mistake.line, mistake.key, mistake.message) for mistake in caught.value.mistakes]


def test_both_languages_give_the_same_value() -> None:
    assert toml_text(TOML, Station, file="") == STATION
    assert yaml_text(YAML, Station, file="") == STATION


def test_all_mistakes_are_told_at_once_each_with_its_line() -> None:
    wrong = (
        TOML.replace('room = "64MB"', 'room = "64"')
        .replace("address = 2", 'address = "2"')
        .replace('parity = "E"', 'parity = "X"')
        .replace('kind = "broker"', 'kind = "brokr"')
        .replace("limit = 8", "limt = 8")
    )
    assert mistakes_of_toml(wrong) == [
        (4, "limt", "unknown key; did you mean `limit`?"),
        (3, "room", "'64' is not a size such as 64MB, 1GiB"),
        (9, "source[0].parity", "'X' is not one of: N, E"),
        (17, "source[0].unit[1].address", "wanted a whole number, found '2'"),
        (21, "source[1].kind", "'brokr' is not one of: bus, broker; did you mean `broker`?"),
    ]


def test_the_same_mistakes_in_yaml_have_the_lines_of_yaml() -> None:
    wrong = YAML.replace("64MB", "'64'").replace("address: 2", "address: '2'").replace("limit:", "limt:")
    assert mistakes_of_yaml(wrong) == [
        (3, "limt", "unknown key; did you mean `limit`?"),
        (2, "room", "'64' is not a size such as 64MB, 1GiB"),
        (10, "source[0].unit[1].address", "wanted a whole number, found '2'"),
    ]


def test_a_rule_of_the_class_itself_is_told_at_its_table() -> None:
    assert mistakes_of_toml(TOML.replace("address = 2", "address = 0")) == [
        (16, "source[0].unit[1]", "an address is 1 to 247, not 0")
    ]


def test_what_is_missing_is_named() -> None:
    assert mistakes_of_toml("") == [(1, "", "needs `name`")]
    assert mistakes_of_yaml("") == [(1, "", "needs `name`")]
    assert mistakes_of_toml('name = "a"\n[[source]]\nname = "b"')[0] == (
        2,
        "source[0]",
        "needs `kind`, one of: bus, broker",
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("enabled = 1", "wanted true or false, found 1"),
        ("limit = true", "wanted a number, found True"),
        ("limit = nan", "wanted a finite number"),
        ("limit = inf", "wanted a finite number"),
        (f"limit = {'9' * 400}", "wanted a finite number"),
        ("room = 64", "wanted a text, found 64"),
        ("source = {}", "wanted a list, found a table"),
        ("source = [1]", "wanted a table of keys, found 1"),
        ("watch = []", "wanted a text, found a list"),
    ],
)
def test_a_value_of_another_kind_is_refused(line: str, message: str) -> None:
    assert [(number, text) for number, _, text in mistakes_of_toml(f'name = "a"\n{line}\n')] == [(2, message)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('name = "a"\nname = "b"', 2),
        ("name = ", 1),
        ('name = "a"\n[[source]', 2),
        ('a = """\n\n', 3),
        ("\x00", 1),
    ],
)
def test_broken_toml_is_told_with_its_line(text: str, line: int) -> None:
    assert mistakes_of_toml(text)[0][0] == line


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("name: a\nname: b\n", 2, "stands twice"),
        ("name: [a\n", 2, "expected"),
        ("name: a\n\troom: b\n", 2, "tab"),
        ("name: &x a\nroom: *x\n", 1, "aliases"),
        ("name: !!python/object:os.system a\n", 1, "cannot be read"),
        ("name: a\n---\nname: b\n", 2, "another document"),
        ("name: a\n? [x, y]\n: 1\n", 2, "a key must be one word"),
        ("name: a\n? {x: y}\n: 1\n", 2, "a key must be one word"),
        ("name: a\n<<: {room: 1MB}\n", 2, "unknown key"),
        ("name: a\nsite: \0", 2, "a character that cannot stand"),
    ],
)
def test_yaml_that_could_surprise_is_refused(text: str, line: int, message: str) -> None:
    told = mistakes_of_yaml(text)
    assert message in told[0][2]
    assert told[0][0] == line


def test_a_bomb_of_aliases_does_not_go_off() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x]\n"
    for before, name in pairwise("abcdefghi"):
        bomb += f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n"
    assert mistakes_of_yaml(bomb) == [(1, "", "anchors and aliases are not taken")]


def test_deep_nesting_is_refused_without_a_crash() -> None:
    for deep in ("name: " + "[" * 50_000, "- " * 50_000, "name: " + "{a: " * 50_000):
        assert mistakes_of_yaml(deep)[0][2] in {"nested too deeply", "exceeded maximum nesting depth"}
    assert mistakes_of_toml("name = " + "[" * 5_000) == [(None, "", "nested too deeply")]
    assert mistakes_of_toml("name = " + "9" * 5_000)


def test_dates_and_switch_words_of_yaml_stay_what_was_written() -> None:
    assert yaml_text("name: 2026-11-24\n", Station, file="").name == "2026-11-24"
    assert mistakes_of_yaml("name: 0123\n")[0][2].startswith("wanted a text")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    path.write_bytes(b"#" * (5 << 20))
    for load in (load_toml, load_yaml):
        with pytest.raises(ConfigError, match="larger"):
            load(path, Station)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        load_toml(tmp_path / "nowhere.toml", Station)
    (tmp_path / "latin.toml").write_bytes(b'room = "1MB"\nname = "caf\xe9"')
    with pytest.raises(ConfigError, match=r"latin\.toml:2: not UTF-8"):
        load_toml(tmp_path / "latin.toml", Station)


def test_a_mark_of_byte_order_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "bom.toml").write_bytes(b"\xef\xbb\xbf" + TOML.encode())
    assert load_toml(tmp_path / "bom.toml", Station) == STATION


def test_a_whole_document_can_be_checked_with_places() -> None:
    def one_name(station: Station) -> list[tuple[Place, str]]:
        return [(("source", 1, "name"), "not this name")] if station.source else []

    with pytest.raises(ConfigError) as caught:
        yaml_text(YAML, Station, file="a.yaml", check=one_name)
    assert str(caught.value) == "a.yaml:13: source[1].name: not this name"


KEYS = st.sampled_from(["name", "room", "source", "kind", "unit", "limit", "x"])
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_any_plain_values_become_a_station_or_an_error(value: object) -> None:
    try:
        made = structure(value, Station, file="")
    except ConfigError:
        return
    assert isinstance(made, Station)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (toml_text, yaml_text):
        with pytest.raises(ConfigError):
            read(text + "\nunheard_of = 1\nunheard_of: 1\n", Station, file="x")


@given(st.integers(0, 10**12))
def test_durations_are_written_as_they_are_read(ms: int) -> None:
    assert duration_ms(duration_text(ms)) == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [("0", 0), ("10s", 10_000), ("20m", 1_200_000), ("1h30m", 5_400_000), ("1.5s", 1_500), ("250ms", 250)],
)
def test_durations(text: str, ms: int) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "10", "10 s", "s", "-1s", "1x", "1s ", "0.0001s", "9" * 30 + "d", "٣s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"duration|milliseconds"):
        duration_ms(text)


@pytest.mark.parametrize(
    ("text", "count"), [("64MB", 64_000_000), ("1 GiB", 1 << 30), ("1.5kB", 1_500), ("7B", 7)]
)
def test_sizes(text: str, count: int) -> None:
    assert size_bytes(text) == count


@pytest.mark.parametrize("text", ["", "64", "64mb", "-1MB", "MB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(InvalidInput, match="size"):
        size_bytes(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    anything: object = None
    numbers: set[int] = field(default_factory=set)
    either: int | str = 0


def test_a_field_of_any_kind_is_taken_as_it_is() -> None:
    assert structure({"anything": [1, "x"]}, Unreadable, file="").anything == [1, "x"]


@pytest.mark.parametrize("value", [{"numbers": [1]}, {"either": 1}])
def test_a_class_that_documents_cannot_fill_is_the_programmers_mistake(value: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        structure(value, Unreadable, file="")


def test_a_place_is_written_as_people_read_it() -> None:
    assert key_text(("source", 1, "unit", 0, "address")) == "source[1].unit[0].address"

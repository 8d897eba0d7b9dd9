"""The dashboards: the committed files are what the code makes, in both languages, and none has a hole."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from coldchain.profiles import Level
from coldchain.words import Language
from coldchain_backend.alerts import AlertKind, AlertState
from coldchain_backend.fleet import ZoneState
from coldchain_dashboards.board import CONSOLE, uid
from coldchain_dashboards.boards import BOARDS
from coldchain_dashboards.columns import KINDS, LEVELS, STATES, ZONE_STATES
from coldchain_dashboards.generate import GENERATED, documents, drift, write
from coldchain_dashboards.wording import wording

DOCUMENTS = documents()


def panels(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Every panel, those folded away under a row too."""
    return [
        one
        for panel in document["panels"]
        for one in (panel["panels"] if panel["type"] == "row" else [panel])
    ]


each = pytest.mark.parametrize("name", DOCUMENTS)


def test_the_committed_files_are_what_the_code_makes() -> None:
    assert drift() == [], "run `coldchain-dashboards build`"


def test_there_are_five_boards_in_two_languages() -> None:
    assert {path.stem for path in GENERATED.glob("*.json")} == set(DOCUMENTS)
    assert set(DOCUMENTS) == {uid(name, language) for name in BOARDS for language in Language}


def test_both_languages_say_the_same_things() -> None:
    english, chinese = (wording(language).texts for language in Language)
    assert {board: set(texts) for board, texts in english.items()} == {
        board: set(texts) for board, texts in chinese.items()
    }


def test_no_text_is_there_for_nothing() -> None:
    shown = {language: json.dumps([DOCUMENTS[uid(name, language)] for name in BOARDS], ensure_ascii=False)
             for language in Language}  # fmt: skip
    for language in Language:
        unused = [
            f"{board}.{key}"
            for board, texts in wording(language).texts.items()
            for key, text in texts.items()
            if json.dumps(text, ensure_ascii=False)[1:-1] not in shown[language]
        ]
        assert unused == []


@each
def test_every_panel_says_what_it_shows_and_what_to_do_when_it_is_empty(name: str) -> None:
    for panel in panels(DOCUMENTS[name]):
        assert panel["title"]
        assert len(panel["description"]) >= 8
        assert panel["fieldConfig"]["defaults"]["noValue"]


@each
def test_panels_lie_side_by_side_within_the_grid(name: str) -> None:
    taken: Counter[tuple[int, int]] = Counter()
    for panel in panels(DOCUMENTS[name]):
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        taken.update(
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        )
    assert max(taken.values()) == 1
    rows = [one for one in DOCUMENTS[name]["panels"] if one["type"] == "row"]
    ids = [one["id"] for one in (*panels(DOCUMENTS[name]), *rows)]
    assert len(set(ids)) == len(ids)


@each
def test_every_query_goes_to_the_chosen_data_source(name: str) -> None:
    for panel in panels(DOCUMENTS[name]):
        for asked in (panel, *panel["targets"]):
            assert asked["datasource"] == {"type": "influxdb", "uid": "${datasource}"}


@each
def test_places_and_time_go_along_to_other_boards(name: str) -> None:
    boards, console, translated = DOCUMENTS[name]["links"]
    assert boards["tags"] == [f"coldchain-{name[-2:]}"]
    assert all(link["includeVars"] and link["keepTime"] for link in (boards, translated))
    assert console["url"] == "${console}/"
    assert translated["url"] == f"/d/{name[:-2]}{'en' if name.endswith('zh') else 'zh'}"


@each
def test_nothing_is_null_where_grafana_has_a_default(name: str) -> None:
    assert list(_nulls(DOCUMENTS[name], "")) == []


def _nulls(value: object, path: str) -> list[str]:
    """Where nulls stand, but for the lowest threshold and what an alert's rule would bring."""
    if isinstance(value, dict):
        return [found for key, one in value.items() for found in _nulls(one, f"{path}.{key}")]
    if isinstance(value, list):
        return [found for at, one in enumerate(value) for found in _nulls(one, f"{path}[{at}]")]
    return [path] if value is None and not path.endswith(".value") else []


def test_the_zone_board_shows_one_zone_and_the_fleet_board_all() -> None:
    def variable(board: str, name: str) -> dict[str, Any]:
        listed = DOCUMENTS[uid(board, Language.EN)]["templating"]["list"]
        found: dict[str, Any] = next(one for one in listed if one["name"] == name)
        return found

    assert not variable("zone", "zone").get("includeAll")
    assert variable("compliance", "zone")["allValue"] == ".*"
    assert '"asset" =~' in variable("zone", "zone")["query"]


def test_excursions_are_annotations_with_begin_and_end() -> None:
    (marked,) = DOCUMENTS[uid("zone", Language.EN)]["annotations"]["list"]
    assert marked["target"]["timeEndColumn"] == "to_ms"
    assert marked["target"]["fromAnnotations"]


def test_links_to_evidence_carry_zone_and_times() -> None:
    text = json.dumps(DOCUMENTS[uid("zone", Language.ZH)])
    assert "${console}/api/v1/evidence?zone=${__data.fields.zone}" in text
    assert "from=${__data.fields.from_ms.numeric}&to=${__data.fields.to_ms.numeric}" in text


def test_another_console_and_data_source_are_said_once_and_nowhere_else() -> None:
    for name, other in documents(console="https://cold.example.com/", source="Ours").items():
        usual = DOCUMENTS[name]
        variables = {one["name"]: one for one in other["templating"]["list"]}
        assert variables["console"]["query"] == "https://cold.example.com"
        assert variables["datasource"]["current"]["value"] == "Ours"
        assert CONSOLE not in json.dumps(other)
        assert {key for key in other if other[key] != usual[key]} == {"templating"}


def test_drift_names_what_is_different_missing_or_too_many(tmp_path: Path) -> None:
    write(tmp_path)
    assert drift(tmp_path) == []
    (tmp_path / "coldchain-zone-en.json").write_text("{}\n")
    (tmp_path / "coldchain-zone-zh.json").unlink()
    (tmp_path / "coldchain-older-en.json").write_text("{}\n")
    assert drift(tmp_path) == [
        "coldchain-older-en.json", "coldchain-zone-en.json", "coldchain-zone-zh.json",
    ]  # fmt: skip
    write(tmp_path)
    assert drift(tmp_path) == []


def test_files_of_others_beside_ours_stay(tmp_path: Path) -> None:
    (tmp_path / "theirs.json").write_text("{}")
    write(tmp_path)
    assert (tmp_path / "theirs.json").exists()


def test_every_state_and_kind_that_the_backend_knows_has_words_and_a_colour() -> None:
    states = {state.value for state in AlertState} - {"pending"}
    assert states <= set(STATES), "`pending` is a view, and is not mirrored"
    assert {kind.value for kind in AlertKind} == set(KINDS)
    assert {level.value for level in Level} | {"none"} == set(LEVELS)
    assert {state.value for state in ZoneState} == set(ZONE_STATES)


@pytest.mark.parametrize(
    ("alias", "en", "zh"),
    [
        ("Front / 前部", "Front", "前部"),
        ("Door: Front / 前部", "Door: Front", "Door: 前部"),
        ("Front", "Front", "Front"),
        ("store.chiller.p1", "store.chiller.p1", "store.chiller.p1"),
        ("A / C unit / 空调", "A / C unit", "空调"),
        ("warmest", "warmest", "warmest"),
        ("unknown: store.chiller.p1", "unknown: store.chiller.p1", "unknown: store.chiller.p1"),
    ],
)
def test_series_are_called_in_the_language_of_the_board(alias: str, en: str, zh: str) -> None:
    for language, wanted in ((Language.EN, en), (Language.ZH, zh)):
        (probes,) = [
            one
            for one in DOCUMENTS[uid("zone", language)]["panels"]
            if one["type"] == "timeseries" and len(one["targets"]) > 3
        ]
        (options,) = [one["options"] for one in probes["transformations"]]
        pattern = re.compile(options["regex"].strip("/").replace(r"\/", "/"))
        replaced = re.sub(r"\$(\d)", r"\\g<\1>", options["renamePattern"])
        assert pattern.sub(replaced, alias) == wanted


def test_a_zone_that_is_known_too_little_has_a_grey_field_that_says_why() -> None:
    for language, said in ((Language.EN, "not demonstrable"), (Language.ZH, "无法证明")):
        (table,) = [
            one for one in DOCUMENTS[uid("compliance", language)]["panels"] if len(one.get("targets", ())) > 3
        ]
        asked = [one["query"] for one in table["targets"]]
        assert sum('AS "conform" FROM (SELECT' in one for one in asked) == 1
        (override,) = [
            one for one in table["fieldConfig"]["overrides"] if one["matcher"]["options"] == "conform"
        ]
        mappings = next(one["value"] for one in override["properties"] if one["id"] == "mappings")
        assert mappings[1]["options"]["-1"]["text"] == said

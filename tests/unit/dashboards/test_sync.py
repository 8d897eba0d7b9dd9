"""Bringing dashboards to a Grafana: what becomes of each thing, and that what is somebody else's stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain_dashboards.documents import Document
from coldchain_dashboards.sync import (
    FOLDER_UID,
    MESSAGE,
    SOURCE_UID,
    Fate,
    Found,
    Stored,
    Wanted,
    carry_out,
    data_source,
    digest,
    plan,
)
from support.soak import rounds

BOARD: Document = {"uid": "coldchain-zone-en", "title": "Zone", "panels": []}
OTHER: Document = {"uid": "coldchain-alerts-en", "title": "Alerts", "panels": []}
SOURCE, SECRETS = data_source("Coldchain", "http://influx:8086", "coldchain", "t0k")
NOTHING = Found(folder_titles={}, sources={}, dashboards={})
WANTED = Wanted(
    folder="Coldchain", dashboards={BOARD["uid"]: BOARD, OTHER["uid"]: OTHER}, source=SOURCE, secrets=SECRETS
)
OURS = Stored(version=3, message=f"{MESSAGE} {digest(BOARD)}")


@dataclass(slots=True)
class MemoryGrafana:
    """Keeps what it is given, as Grafana does; `somebody` stands for what was there before."""

    folders: dict[str, str] = field(default_factory=dict)
    sources: dict[str, Document] = field(default_factory=dict)
    boards: dict[str, list[tuple[Document, str]]] = field(default_factory=dict)
    writes: int = 0

    def find(self, uids: Iterable[str]) -> Found:
        there = {
            uid: Stored(
                version=len(self.boards[uid]),
                message=self.boards[uid][-1][1] if len(self.boards[uid]) > 1 else "Initial save",
                content=digest(self.boards[uid][-1][0]),
            )
            for uid in uids
            if uid in self.boards
        }
        return Found(folder_titles=dict(self.folders), sources=dict(self.sources), dashboards=there)

    def create_folder(self, uid: str, title: str) -> None:
        assert uid not in self.folders
        assert title not in self.folders.values()
        self.folders[uid] = title
        self.writes += 1

    def put_source(self, document: Document, *, there: bool) -> None:
        assert (document["uid"] in self.sources) == there
        self.sources[document["uid"]] = {key: one for key, one in document.items() if key != "secureJsonData"}
        self.writes += 1

    def put_dashboard(self, document: Document, folder: str, message: str, version: int | None) -> None:
        assert folder in self.folders
        versions = self.boards.setdefault(document["uid"], [])
        assert (len(versions) or None) == version
        versions.append((document, message))
        self.writes += 1


def bring(grafana: MemoryGrafana, wanted: Wanted = WANTED) -> list[Fate]:
    """Bring everything; what became of each thing."""
    found = grafana.find(wanted.dashboards)
    steps = plan(wanted, found)
    carry_out(wanted, found, grafana, steps)
    return [step.fate for step in steps]


def test_an_empty_grafana_gets_everything_and_the_second_time_nothing() -> None:
    grafana = MemoryGrafana()
    assert bring(grafana) == [Fate.CREATED] * 4
    assert grafana.folders == {FOLDER_UID: "Coldchain"}
    assert set(grafana.boards) == {BOARD["uid"], OTHER["uid"]}
    assert grafana.writes == 4
    assert bring(grafana) == [Fate.UNCHANGED] * 4
    assert grafana.writes == 4


def test_a_newer_dashboard_of_ours_is_updated_and_the_others_are_left() -> None:
    grafana = MemoryGrafana()
    bring(grafana)
    newer = {**BOARD, "title": "Zone, newer"}
    assert bring(grafana, replace(WANTED, dashboards={BOARD["uid"]: newer, OTHER["uid"]: OTHER})) == [
        Fate.UNCHANGED, Fate.UNCHANGED, Fate.UPDATED, Fate.UNCHANGED,
    ]  # fmt: skip
    assert [title["title"] for title, _ in grafana.boards[BOARD["uid"]]] == ["Zone", "Zone, newer"]


def test_what_a_person_saved_is_kept_and_named_until_force() -> None:
    grafana = MemoryGrafana()
    bring(grafana)
    mine = {**BOARD, "title": "My zone"}
    grafana.boards[BOARD["uid"]].append((mine, "wider panels"))
    assert bring(grafana)[2] is Fate.KEPT
    assert grafana.boards[BOARD["uid"]][-1] == (mine, "wider panels")
    assert bring(grafana, replace(WANTED, force=True))[2] is Fate.UPDATED
    assert [title["title"] for title, _ in grafana.boards[BOARD["uid"]]] == ["Zone", "My zone", "Zone"]


@pytest.mark.parametrize("message", ["", "Restored from version 1", "coldchain", "coldchain-dashboardsx 1"])
def test_only_our_own_message_makes_a_version_ours(message: str) -> None:
    found = replace(NOTHING, dashboards={BOARD["uid"]: Stored(version=2, message=message)})
    (kept,) = [step for step in plan(WANTED, found) if step.uid == BOARD["uid"]]
    assert kept.fate is Fate.KEPT
    assert "--force" in kept.reason


def test_the_first_version_of_which_grafana_keeps_no_message_is_known_by_its_content() -> None:
    for content, fate in ((digest(BOARD), Fate.UNCHANGED), ("imported by hand", Fate.UPDATED)):
        stored = Stored(version=1, message="Initial save", content=content)
        (step,) = [one for one in plan(WANTED, replace(NOTHING, dashboards={BOARD["uid"]: stored}))
                   if one.uid == BOARD["uid"]]  # fmt: skip
        assert step.fate is fate


def test_what_is_provisioned_from_a_file_is_never_touched() -> None:
    stored = replace(OURS, message="", provisioned=True)
    source = {**SOURCE, "readOnly": True, "url": "http://elsewhere"}
    found = replace(NOTHING, dashboards={BOARD["uid"]: stored}, sources={SOURCE_UID: source})
    for force in (False, True):
        steps = {step.uid: step for step in plan(replace(WANTED, force=force), found)}
        assert steps[BOARD["uid"]].fate is Fate.KEPT
        assert steps[SOURCE_UID].fate is Fate.KEPT


def test_a_folder_of_ours_that_was_renamed_stays_renamed() -> None:
    grafana = MemoryGrafana(folders={FOLDER_UID: "Cold stores"})
    assert bring(grafana)[0] is Fate.UNCHANGED
    assert grafana.folders == {FOLDER_UID: "Cold stores"}


def test_a_folder_of_somebody_else_with_our_name_stops_everything() -> None:
    grafana = MemoryGrafana(folders={"abc": "Coldchain"})
    assert bring(grafana)[0] is Fate.REFUSED
    assert grafana.writes == 0
    assert bring(grafana, replace(WANTED, folder="Cold chain 2"))[0] is Fate.CREATED
    assert grafana.folders == {"abc": "Coldchain", FOLDER_UID: "Cold chain 2"}


def test_a_data_source_of_somebody_else_with_our_name_stops_everything() -> None:
    theirs = {"uid": "p1", "name": "Coldchain", "type": "prometheus", "url": "http://p"}
    grafana = MemoryGrafana(sources={"p1": theirs})
    assert bring(grafana)[1] is Fate.REFUSED
    assert grafana.writes == 0
    assert grafana.sources == {"p1": theirs}


def test_another_bucket_or_token_updates_our_data_source() -> None:
    grafana = MemoryGrafana()
    bring(grafana)
    for database, token in (("cold", "t0k"), ("cold", "new")):
        source, secrets = data_source("Coldchain", "http://influx:8086", database, token)
        assert bring(grafana, replace(WANTED, source=source, secrets=secrets))[1] is Fate.UPDATED
        assert bring(grafana, replace(WANTED, source=source, secrets=secrets))[1] is Fate.UNCHANGED


def test_a_data_source_that_a_person_pointed_elsewhere_is_kept_until_force() -> None:
    grafana = MemoryGrafana()
    bring(grafana)
    grafana.sources[SOURCE_UID] = {**grafana.sources[SOURCE_UID], "url": "http://their-own:8086"}
    assert bring(grafana)[1] is Fate.KEPT
    assert grafana.sources[SOURCE_UID]["url"] == "http://their-own:8086"
    assert bring(grafana, replace(WANTED, force=True))[1] is Fate.UPDATED


def test_the_token_stands_in_no_part_that_grafana_shows() -> None:
    assert "t0k" not in str(SOURCE)
    assert SECRETS == {"httpHeaderValue1": "Token t0k"}
    bare, none = data_source("Coldchain", "http://influx:8086", "coldchain", "")
    assert none == {}
    assert "httpHeaderName1" not in bare["jsonData"]


def test_without_a_source_none_is_planned() -> None:
    assert [step.kind for step in plan(replace(WANTED, source=None), NOTHING)] == [
        "folder", "dashboard", "dashboard",
    ]  # fmt: skip


def test_equal_values_have_one_digest_whatever_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


foreign = st.dictionaries(st.sampled_from(["x1", "x2", "x3"]), st.sampled_from(["A", "B", "Ops"]), max_size=3)
saved: st.SearchStrategy[list[Any]] = st.lists(
    st.tuples(st.just({**BOARD, "title": "theirs"}), st.text(max_size=5)), min_size=2, max_size=3
)


@given(folders=foreign, sources=foreign, boards=st.dictionaries(
    st.sampled_from([BOARD["uid"], "grafana-own"]), saved, max_size=2), force=st.booleans())  # fmt: skip
@settings(max_examples=rounds(25, 3000))
def test_whatever_was_there_of_others_is_there_afterwards(
    folders: dict[str, str], sources: dict[str, str], boards: dict[str, list[Any]], *, force: bool
) -> None:
    theirs = {uid: {"uid": uid, "name": name, "type": "influxdb"} for uid, name in sources.items()}
    grafana = MemoryGrafana(
        folders=dict(folders), sources=dict(theirs), boards={uid: list(one) for uid, one in boards.items()}
    )
    bring(grafana, replace(WANTED, force=force))
    assert folders.items() <= grafana.folders.items()
    assert all(grafana.sources[uid] == one for uid, one in theirs.items())
    for uid, versions in boards.items():
        assert grafana.boards[uid][: len(versions)] == versions, "no version is lost"
        assert force or len(grafana.boards[uid]) == len(versions), "nothing is laid over a person's work"

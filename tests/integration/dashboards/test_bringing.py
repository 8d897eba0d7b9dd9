"""`coldchain-dashboards sync` against a server that answers as Grafana does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coldchain_dashboards.cli import main
from coldchain_dashboards.generate import documents
from support.grafana_end import ADMIN, EDITOR, GrafanaEnd

ZONE = "coldchain-zone-en"


@pytest.fixture
def grafana() -> Iterator[GrafanaEnd]:
    """A Grafana in which somebody works already."""
    theirs = {"uid": "p", "name": "Prometheus", "type": "prometheus", "url": "http://p:9090"}
    with GrafanaEnd(folders=[{"uid": "ops", "title": "Operations"}], sources=[theirs]) as end:
        yield end


@pytest.fixture
def settings(grafana: GrafanaEnd, tmp_path: Path) -> list[str]:
    """What every call names."""
    for name, token in (("admin", ADMIN), ("editor", EDITOR), ("influx", "made-for-influx")):
        (tmp_path / name).write_text(f"{token}\n")
    return [
        "sync", "--grafana-url", grafana.url, "--grafana-token-file", str(tmp_path / "admin"),
        "--influx-url", "http://influx:8086", "--influx-token-file", str(tmp_path / "influx"),
        "--console", "https://cold.example.com",
    ]  # fmt: skip


def test_everything_is_brought_once_and_then_nothing(
    grafana: GrafanaEnd, settings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(settings) == 0
    assert set(grafana.versions) == set(documents())
    assert {one["title"] for one in grafana.folders} == {"Operations", "Coldchain"}
    assert capsys.readouterr().out.count("created ") == 12
    written = list(grafana.writes)
    assert main(settings) == 0
    assert grafana.writes == written
    assert capsys.readouterr().out.count("unchanged ") == 12


def test_the_token_of_influxdb_is_never_shown(
    grafana: GrafanaEnd, settings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(settings)
    said = capsys.readouterr()
    assert "made-for-influx" not in said.out + said.err + str(grafana.sources)
    assert grafana.sources[1]["jsonData"]["httpHeaderName1"] == "Authorization"


def test_a_dry_run_tells_all_and_writes_nothing(
    grafana: GrafanaEnd, settings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*settings, "--dry-run"]) == 0
    assert grafana.writes == []
    assert capsys.readouterr().out.count("would be created") == 12


def test_what_a_person_changed_is_named_kept_and_replaced_by_force_only(
    grafana: GrafanaEnd, settings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(settings)
    grafana.save_as_person(ZONE, title="My zone")
    capsys.readouterr()
    assert main(settings) == 3
    assert f"({ZONE}): changed by a person" in capsys.readouterr().out
    assert grafana.versions[ZONE][-1]["dashboard"]["title"] == "My zone"
    assert main([*settings, "--force"]) == 0
    assert [one["dashboard"]["title"] for one in grafana.versions[ZONE]] == [
        "Coldchain: zone", "My zone", "Coldchain: zone",
    ]  # fmt: skip


def test_what_is_provisioned_from_files_is_left(grafana: GrafanaEnd, settings: list[str]) -> None:
    main(settings)
    grafana.provisioned.add(ZONE)
    grafana.save_as_person(ZONE, title="from a file")
    assert main([*settings, "--force"]) == 3
    assert len(grafana.versions[ZONE]) == 2


def test_another_console_makes_a_new_version_of_each(grafana: GrafanaEnd, settings: list[str]) -> None:
    main(settings)
    assert main([*settings[:-1], "https://other.example.com"]) == 0
    assert {len(one) for one in grafana.versions.values()} == {2}


def test_a_folder_of_somebody_else_with_our_name_stops_all_of_it(
    grafana: GrafanaEnd, settings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    grafana.folders.append({"uid": "x", "title": "Coldchain"})
    assert main(settings) == 1
    assert grafana.writes == []
    said = capsys.readouterr()
    assert "--folder" in said.out
    assert "nothing was changed" in said.err
    assert main([*settings, "--folder", "Cold chain, ours"]) == 0


def test_an_editor_brings_dashboards_to_a_data_source_that_is_there(
    grafana: GrafanaEnd, settings: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings[settings.index(str(tmp_path / "admin"))] = str(tmp_path / "editor")
    assert main(settings) == 1
    assert "role Admin" in capsys.readouterr().err
    grafana.folders.pop()
    assert main([*settings, "--use-datasource", "Prometheus", "--language", "zh"]) == 0
    assert set(grafana.versions) == {uid for uid in documents() if uid.endswith("-zh")}
    (variable,) = [
        one
        for one in grafana.versions["coldchain-zone-zh"][-1]["dashboard"]["templating"]["list"]
        if one["name"] == "datasource"
    ]
    assert variable["current"]["value"] == "Prometheus"
    assert len(grafana.sources) == 1


def test_a_data_source_that_is_not_there_is_named_with_those_that_are(
    grafana: GrafanaEnd, settings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*settings, "--use-datasource", "Influx"]) == 2
    assert "there are: Prometheus" in capsys.readouterr().err
    assert grafana.writes == []


def test_a_wrong_token_a_broken_and_a_silent_grafana_are_told_in_one_line(
    grafana: GrafanaEnd, settings: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "admin").write_text("guessed")
    assert main(settings) == 1
    (tmp_path / "admin").write_text(ADMIN)
    grafana.failing = True
    assert main(settings) == 1
    settings[2] = "http://127.0.0.1:1"
    assert main(settings) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith("coldchain-dashboards: ") for line in lines] == [True] * 3
    assert "Unauthorized" in lines[0]
    assert "database is locked" in lines[1]
    assert "does not answer" in lines[2]


@pytest.mark.parametrize("missing", ["--grafana-url", "--grafana-token-file", "--influx-url"])
def test_what_is_not_named_is_asked_for(
    settings: list[str], missing: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("GRAFANA_URL", "GRAFANA_TOKEN", "INFLUX_URL", "INFLUX_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    at = settings.index(missing)
    assert main([*settings[:at], *settings[at + 2 :]]) == 2
    assert missing.partition("-token")[0] in capsys.readouterr().err

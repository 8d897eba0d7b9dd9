"""Servers that are there already: what is named, what the backend's file says of them, who reads tokens."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from demo.foreign import BOARDS, Foreign, NotNamed, mirrored

INFLUX = {"INFLUX_URL": "http://influx:8086/", "INFLUX_TOKEN": "t0k"}
GRAFANA = {"GRAFANA_URL": "http://grafana:3000/", "GRAFANA_TOKEN": "gr4f"}


def test_nothing_named_is_the_demonstration_as_ever() -> None:
    assert Foreign.named({}) is None
    assert Foreign.named({"INFLUX_URL": "", "GRAFANA_URL": "", "GRAFANA_TOKEN": "left over"}) is None


def test_both_are_named_with_the_usual_bucket() -> None:
    foreign = Foreign.named(INFLUX | GRAFANA)
    assert foreign == Foreign(
        influx_url="http://influx:8086", influx_token="t0k", bucket="coldchain",
        grafana_url="http://grafana:3000", grafana_token="gr4f",
    )  # fmt: skip


def test_an_influxdb_alone_brings_no_dashboards(tmp_path: Path) -> None:
    foreign = Foreign.named(INFLUX | {"INFLUX_BUCKET": "cold", "INFLUX_ORG": "ops"})
    assert foreign is not None
    assert (foreign.bucket, foreign.organisation) == ("cold", "ops")
    assert foreign.bring_dashboards(tmp_path, "http://console") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("named", "missing"),
    [(GRAFANA, "INFLUX_URL"), (INFLUX | {"GRAFANA_URL": "http://grafana:3000"}, "GRAFANA_TOKEN")],
)
def test_half_of_it_is_told_at_once(named: dict[str, str], missing: str) -> None:
    with pytest.raises(NotNamed, match=missing):
        Foreign.named(named)


def test_what_keeps_the_mirror_from_writing_is_said() -> None:
    well = mirrored({"trouble": None, "message": "", "ledger": 41, "judged": 42})
    assert (well.holds, well.found) == (True, "41 of 42 records mirrored")
    second = mirrored({"trouble": "foreign", "message": "another backend", "ledger": 0, "judged": 42})
    assert (second.holds, second.found) == (False, "foreign: another backend")
    assert mirrored(None).holds


def test_the_backends_file_names_the_token_by_reference(tmp_path: Path) -> None:
    foreign = Foreign(influx_url="http://influx:8086", influx_token="t0k", organisation="ops")
    section = foreign.mirror_section(tmp_path)
    mirror = tomllib.loads(section)["mirror"]
    assert mirror == {
        "url": "http://influx:8086", "bucket": "coldchain", "create": True, "org": "ops",
        "token": f"file:{tmp_path / 'influx-token'}",
    }  # fmt: skip
    assert "t0k" not in section
    kept = tmp_path / "influx-token"
    assert kept.read_text() == "t0k"
    assert kept.stat().st_mode & 0o077 == 0


def test_an_influxdb_1_without_users_needs_no_token(tmp_path: Path) -> None:
    foreign = Foreign(influx_url="http://influx:8086", organisation="none")
    assert set(tomllib.loads(foreign.mirror_section(tmp_path))["mirror"]) == {
        "url",
        "bucket",
        "create",
        "org",
    }
    assert list(tmp_path.iterdir()) == []


def test_tokens_are_not_in_what_it_shows_of_itself() -> None:
    shown = repr(Foreign.named(INFLUX | GRAFANA))
    assert "t0k" not in shown
    assert "gr4f" not in shown


def test_links_lead_to_boards_that_there_are() -> None:
    from coldchain_dashboards.boards import BOARDS as MADE

    assert set(BOARDS) == set(MADE)

"""Checking what came back, and the smaller rules of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from coldchain.errors import InvalidInput
from coldchain_dashboards.check import Asked, shape_mistakes, span_ms
from coldchain_dashboards.cli import main
from coldchain_dashboards.cli.check import told
from coldchain_dashboards.grafana import GrafanaServer
from coldchain_dashboards.influx import Influx, Series, authorization
from coldchain_dashboards.influxql import Query
from coldchain_dashboards.provisioning import write_provisioning

QUERY = Query(purpose="One.", columns={"share": 'SUM("x")'}, source="m", where=("time > 0",), tags=("zone",))


def series(columns: tuple[str, ...] = ("time", "share"), value: object = 1.0, **tags: str) -> Series:
    return Series(tags=tags or {"zone": "z"}, columns=columns, values=[[0, value]])


def test_an_answer_of_the_drawn_shape_has_no_mistake() -> None:
    assert shape_mistakes(QUERY, [series(), series(value=None)]) == []
    assert shape_mistakes(QUERY, []) == []


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (series(columns=("time", "sum")), "columns time, sum"),
        (series(columns=("time",)), "columns time"),
        (series(asset="a"), "grouped by asset"),
        (series(value=None), "a column without any value: share"),
    ],
)
def test_another_shape_is_named(answer: Series, mistake: str) -> None:
    assert mistake in shape_mistakes(QUERY, [answer])


@pytest.mark.parametrize(("said", "ms"), [("15m", 900_000), ("24h", 86_400_000), ("90d", 7_776_000_000)])
def test_lengths_of_time_are_read_as_grafana_writes_them(said: str, ms: int) -> None:
    assert span_ms(said) == ms


@pytest.mark.parametrize("said", ["", "24", "now", "1 h", "-1h", "1w"])
def test_what_is_no_length_of_time_is_refused(said: str) -> None:
    with pytest.raises(InvalidInput, match="no length of time"):
        span_ms(said)


def test_lines_say_ok_or_no_with_rows_and_reason() -> None:
    asked = Asked(board="coldchain-zone-en", panel="Points", letter="A", rows=4)
    assert told(asked).startswith("ok  coldchain-zone-en")
    assert "4 rows" in told(asked)
    empty = Asked(board="b", panel="p", letter="A", rows=0, not_yet="rows come when a door is open")
    assert told(empty).startswith("--  b")
    assert told(empty).rstrip().endswith("rows come when a door is open")
    assert told(Asked(board="b", panel="p", letter="A", rows=0, problem="no rows")).startswith("NO  b")


def test_the_token_is_not_in_what_an_influx_shows_of_itself() -> None:
    assert "t0k" not in repr(Influx(url="http://i", database="d", token="t0k"))


@pytest.mark.parametrize(
    ("token", "header"), [("", ""), ("t0k", "Token t0k"), ("reader:p:w", "Basic cmVhZGVyOnA6dw==")]
)
def test_a_token_and_a_user_with_a_password_are_sent_as_their_server_wants_them(
    token: str, header: str
) -> None:
    assert authorization(token) == header


def test_the_names_that_a_query_reads_are_those_of_the_measurement_within() -> None:
    outer = Query(purpose="Two.", columns={"share": '"share"'}, source=QUERY, where=('"share" > 0',))
    assert QUERY.names == outer.names == ("m", {"x", "zone"})


def test_an_address_without_http_is_refused() -> None:
    with pytest.raises(InvalidInput, match="http://"):
        GrafanaServer("localhost:3000", "t")


def test_provisioning_holds_source_provider_and_every_dashboard_and_no_secret(tmp_path: Path) -> None:
    written = write_provisioning(tmp_path, console="https://cold.example.com", place="/srv/grafana/")
    assert {path.relative_to(tmp_path).parts[0] for path in written} == {"datasources", "dashboards"}
    assert len(list((tmp_path / "dashboards" / "coldchain").glob("coldchain-*.json"))) == 10
    provider = (tmp_path / "dashboards" / "coldchain.yaml").read_text()
    assert "path: /srv/grafana/dashboards/coldchain\n" in provider
    source = (tmp_path / "datasources" / "coldchain.yaml").read_text()
    assert "Token ${INFLUX_TOKEN}" in source
    assert "name: Coldchain\n" in source


def test_the_command_builds_into_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--into", str(tmp_path), "--console", "https://c.example.com"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 10
    assert "https://c.example.com" in (tmp_path / "coldchain-zone-en.json").read_text()


def test_the_command_builds_a_provisioning_folder(tmp_path: Path) -> None:
    assert main(["build", "--provisioning", str(tmp_path)]) == 0
    assert (tmp_path / "datasources" / "coldchain.yaml").exists()


def test_the_drift_check_alone_asks_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--drift-only"]) == 0
    assert capsys.readouterr().out == "ok  the dashboard files are what the code makes\n"


@pytest.mark.parametrize("command", ["", "build", "check", "sync"])
def test_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*([command] if command else []), "--help"])
    assert ended.value.code == 0
    assert "coldchain-dashboards sync --dry-run" in capsys.readouterr().out


def test_wrong_usage_ends_with_2() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["paint"])
    assert ended.value.code == 2

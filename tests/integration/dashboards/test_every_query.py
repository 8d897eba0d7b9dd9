"""Every query of every panel against a real InfluxDB 2.7 that holds what the mirror would have written."""

from __future__ import annotations

import gzip
import http.client
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice

import pytest

from bench.mirrored import DAY_MS, Mirrored
from coldchain.errors import InvalidInput, Unavailable
from coldchain.words import Language
from coldchain_dashboards.check import Asked, Asking
from coldchain_dashboards.cli import main
from coldchain_dashboards.influx import Influx
from coldchain_dashboards.queries import zone
from support.influx_end import RealInflux, real_influx

BROKEN = "store-0.freezer"
BUCKET = "cold"
AT_ONCE = 10_000


@pytest.fixture(scope="module")
def now_ms() -> int:
    """The end of what is mirrored: queries of what goes on look back from the server's own clock."""
    return time.time_ns() // 1_000_000


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory, now_ms: int) -> Iterator[RealInflux]:
    """InfluxDB with two days of a fleet in which something of everything happened."""
    with real_influx(tmp_path_factory.mktemp("influx")) as server:
        fleet = Mirrored(points=64, from_ms=now_ms - 2 * DAY_MS, to_ms=now_ms, step_ms=600_000)
        fill(server, fleet.lines())
        yield server


def fill(server: RealInflux, lines: Iterator[str]) -> None:
    """Write lines as the mirror does: in ms, compressed."""
    headers = {"Authorization": f"Token {server.token}", "Content-Encoding": "gzip"}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        while batch := list(islice(lines, AT_ONCE)):
            path = f"/api/v2/write?org=demo&bucket={BUCKET}&precision=ms"
            connection.request("POST", path, gzip.compress("\n".join(batch).encode(), 1), headers)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (204, b"")


def asking(server: RealInflux, now_ms: int, language: Language = Language.EN) -> Asking:
    source = Influx(url=server.url, database=BUCKET, token=server.token)
    return Asking(influx=source, now_ms=now_ms, language=language, zone=BROKEN)


@pytest.mark.budget(60)
@pytest.mark.parametrize("language", Language)
def test_every_query_has_rows_of_the_shape_that_is_drawn(
    influx: RealInflux, now_ms: int, language: Language
) -> None:
    asked = list(asking(influx, now_ms, language).boards())
    assert [one for one in asked if one.problem or one.not_yet] == []
    assert len(asked) > 55


def rows(found: list[Asked], panel: str, letter: str = "A") -> int:
    (one,) = [one for one in found if (one.panel, one.letter) == (panel, letter)]
    return one.rows


def test_rows_are_as_many_as_zones_points_and_hours(influx: RealInflux, now_ms: int) -> None:
    ask = asking(influx, now_ms)
    fleet = list(ask.board("compliance", ""))
    assert rows(fleet, "Zones, worst first", "A") == 16 - 3, "three zones are known too little"
    assert rows(fleet, "Zones, worst first", "B") == 3, "which are grey"
    assert rows(fleet, "Zones, worst first", "C") == 16
    assert rows(fleet, "Zones, worst first", "D") == 3
    assert rows(fleet, "Excursions that go on") == 3
    assert rows(fleet, "Vehicles") == 2
    zone = list(ask.board("zone", BROKEN))
    assert rows(zone, "Points") == rows(zone, "Points", "B") == 4
    assert rows(zone, "Excursions") == rows(zone, "Excursions", "-") == 2
    assert rows(list(ask.board("gateways", "")), "Gateways") == 8


def test_what_has_not_happened_is_told_from_what_is_wrong(influx: RealInflux, now_ms: int) -> None:
    healthy = {
        (one.panel, one.letter): one for one in asking(influx, now_ms).board("zone", "store-0.chiller")
    }
    excursions = healthy["Excursions", "A"]
    assert (excursions.problem, excursions.not_yet) == (
        "", "rows come when a limit was broken in the time range",
    )  # fmt: skip
    elsewhere = replace(asking(influx, now_ms), zone="nowhere")
    wrong = {one.panel for one in elsewhere.board("zone", "nowhere") if one.problem}
    assert "Temperature: $zone" in wrong, "a zone that says nothing is no state that is right"


def test_a_field_that_nobody_ever_sent_is_named(influx: RealInflux, now_ms: int) -> None:
    source = asking(influx, now_ms).influx
    query = replace(zone.HUMIDITIES, columns={"co2": 'MEAN("co2")'}, only_when="a probe measures CO2")
    board = Asking(influx=source, now_ms=now_ms)
    assert board._why_empty(query) == "rows come when a probe measures CO2; never mirrored: co2"
    other = replace(query, source="nothing")
    assert "no `nothing` was ever mirrored" in board._why_empty(other)


def test_a_single_zone_is_asked_alone(influx: RealInflux, now_ms: int) -> None:
    healthy = list(asking(influx, now_ms).board("zone", "store-0.chiller"))
    assert rows(healthy, "Points") == 4
    assert rows(healthy, "Excursions") == 0
    assert rows(healthy, "Temperature: $zone", "D") == 0, "gaps of its neighbour are not its own"


def test_the_command_checks_all_and_says_rows_per_panel(
    influx: RealInflux, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUX_URL", influx.url)
    monkeypatch.setenv("INFLUX_TOKEN", influx.token)
    monkeypatch.setenv("INFLUX_BUCKET", BUCKET)
    assert main(["check", "--zone", BROKEN, "--all"]) == 0
    out = capsys.readouterr().out
    assert "NO" not in out
    assert out.splitlines()[-1] == "ok  the dashboard files are what the code makes"
    assert main(["check", "--zone", "store-0.chiller"]) == 0
    assert main(["check", "--zone", "store-0.chiller", "--all"]) == 3, "nothing is wrong, panels are empty"
    out = capsys.readouterr().out
    assert "\n--  coldchain-zone-en" in out
    assert "NO" not in out
    assert main(["check", "--bucket", "elsewhere"]) == 1, "another bucket is not mapped"
    assert "NO  coldchain-compliance-en" in capsys.readouterr().out


def test_a_bucket_that_is_empty_has_no_rows_and_says_so(influx: RealInflux, now_ms: int) -> None:
    later = asking(influx, now_ms + 400 * DAY_MS)
    fleet = {one.panel: one.not_yet for one in later.board("compliance", "")}
    assert fleet["Fleet"].startswith("rows come when a reading has been judged")
    problems = {(one.panel, one.letter): one.problem for one in later.board("zone", BROKEN)}
    assert problems["Temperature: $zone", "A"] == "no rows"


def test_a_token_that_may_not_and_a_server_that_is_not_there_are_told_apart(influx: RealInflux) -> None:
    with pytest.raises(InvalidInput, match="401"):
        Influx(url=influx.url, database=BUCKET, token="guessed").ask("SHOW MEASUREMENTS")
    with pytest.raises(Unavailable, match="does not answer"):
        Influx(url="http://127.0.0.1:1", database=BUCKET).ask("SHOW MEASUREMENTS")
    with pytest.raises(InvalidInput, match="failed to parse query"):
        Influx(url=influx.url, database=BUCKET, token=influx.token).ask("SELECT")

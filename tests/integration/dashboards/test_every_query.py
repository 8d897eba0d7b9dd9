"""Every query of every panel against real InfluxDB 2.7 and 1.6 that hold what the mirror would write."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest

from bench.mirrored import DAY_MS, Mirrored
from coldchain.errors import InvalidInput, Unavailable
from coldchain.words import Language
from coldchain_backend.influx import Precision
from coldchain_dashboards.check import Asked, Asking
from coldchain_dashboards.cli import main
from coldchain_dashboards.influx import Influx
from coldchain_dashboards.influxql import Chosen, Query
from coldchain_dashboards.queries import compliance, zone
from support.influx_servers import Bucket, influx_1, influx_2

BROKEN = "store-0.freezer"
AT_ONCE = 10_000


@pytest.fixture(scope="module")
def now_ms() -> int:
    """The end of what is mirrored: queries of what goes on look back from the server's own clock."""
    return time.time_ns() // 1_000_000


@pytest.fixture(scope="module", params=["2.7", "1.6"])
def influx(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, now_ms: int
) -> Iterator[Bucket]:
    """InfluxDB with two days of a fleet in which something of everything happened."""
    made = influx_2 if request.param == "2.7" else influx_1
    with made(tmp_path_factory.mktemp("influx")) as server:
        bucket = server.bucket()
        fleet = Mirrored(points=64, from_ms=now_ms - 2 * DAY_MS, to_ms=now_ms, step_ms=600_000)
        writer, lines = bucket.influx(timeout_s=60), fleet.lines()
        while batch := list(islice(lines, AT_ONCE)):
            assert writer.write("\n".join(batch).encode(), Precision.MS).left is None
        writer.close()
        yield bucket


def token(bucket: Bucket) -> str:
    """What a reader shows: a token of 2.x, a user and password of 1.x."""
    return f"{bucket.user}:{bucket.token}" if bucket.user else bucket.token


def asking(bucket: Bucket, now_ms: int, language: Language = Language.EN) -> Asking:
    source = Influx(url=bucket.server.url, database=bucket.name, token=token(bucket))
    return Asking(influx=source, now_ms=now_ms, language=language, zone=BROKEN)


@pytest.mark.budget(60)
@pytest.mark.parametrize("language", Language)
def test_every_query_has_rows_of_the_shape_that_is_drawn(
    influx: Bucket, now_ms: int, language: Language
) -> None:
    asked = list(asking(influx, now_ms, language).boards())
    assert [one for one in asked if one.problem or one.not_yet] == []
    assert len(asked) > 55


def rows(found: list[Asked], panel: str, letter: str = "A") -> int:
    (one,) = [one for one in found if (one.panel, one.letter) == (panel, letter)]
    return one.rows


def test_rows_are_as_many_as_zones_points_and_hours(influx: Bucket, now_ms: int) -> None:
    ask = asking(influx, now_ms)
    fleet = list(ask.board("compliance", ""))
    assert rows(fleet, "Zones, worst first", "A") == 16
    assert rows(fleet, "Zones, worst first", "B") == 16
    assert rows(fleet, "Zones, worst first", "C") == 3
    assert rows(fleet, "Excursions that go on") == 3
    assert rows(fleet, "Vehicles") == 2
    zone = list(ask.board("zone", BROKEN))
    assert rows(zone, "Points") == rows(zone, "Points", "B") == 4
    assert rows(zone, "Excursions") == rows(zone, "Excursions", "-") == 2
    assert rows(list(ask.board("gateways", "")), "Gateways") == 8


def test_what_is_known_too_little_has_no_share_to_show(influx: Bucket, now_ms: int) -> None:
    chosen = Chosen(from_ms=now_ms - 2 * DAY_MS, to_ms=now_ms)
    source = asking(influx, now_ms).influx

    def shares(query: Query) -> list[float]:
        answer = source.ask(chosen.fill(query.text))
        return sorted(float(str(row[1])) for series in answer for row in series.values)

    zones = shares(compliance.CONFORM_ZONES)
    assert zones[:3] == [-1.0] * 3, "three zones are known too little, which are grey"
    assert all(0 <= share <= 1 for share in zones[3:])
    assert len(zones) == 16
    assert shares(compliance.WHOLE) == [pytest.approx(0.98, abs=0.01)]


def test_what_has_not_happened_is_told_from_what_is_wrong(influx: Bucket, now_ms: int) -> None:
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


def test_a_field_that_nobody_ever_sent_is_named(influx: Bucket, now_ms: int) -> None:
    source = asking(influx, now_ms).influx
    query = replace(zone.HUMIDITIES, columns={"co2": 'MEAN("co2")'}, only_when="a probe measures CO2")
    board = Asking(influx=source, now_ms=now_ms)
    assert board._why_empty(query) == "rows come when a probe measures CO2; never mirrored: co2"
    other = replace(query, source="nothing")
    assert "no `nothing` was ever mirrored" in board._why_empty(other)


def test_a_single_zone_is_asked_alone(influx: Bucket, now_ms: int) -> None:
    healthy = list(asking(influx, now_ms).board("zone", "store-0.chiller"))
    assert rows(healthy, "Points") == 4
    assert rows(healthy, "Excursions") == 0
    assert rows(healthy, "Temperature: $zone", "D") == 0, "gaps of its neighbour are not its own"


def test_the_command_checks_all_and_says_rows_per_panel(
    influx: Bucket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUX_URL", influx.server.url)
    monkeypatch.setenv("INFLUX_TOKEN", token(influx))
    monkeypatch.setenv("INFLUX_BUCKET", influx.name)
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


def test_a_bucket_that_is_empty_has_no_rows_and_says_so(influx: Bucket, now_ms: int) -> None:
    later = asking(influx, now_ms + 400 * DAY_MS)
    fleet = {one.panel: one.not_yet for one in later.board("compliance", "")}
    assert fleet["Fleet"].startswith("rows come when a reading has been judged")
    problems = {(one.panel, one.letter): one.problem for one in later.board("zone", BROKEN)}
    assert problems["Temperature: $zone", "A"] == "no rows"


def test_a_token_that_may_not_and_a_server_that_is_not_there_are_told_apart(influx: Bucket) -> None:
    wrong = "somebody:else" if influx.user else "guessed"
    with pytest.raises(InvalidInput, match="401"):
        Influx(url=influx.server.url, database=influx.name, token=wrong).ask("SHOW MEASUREMENTS")
    with pytest.raises(Unavailable, match="does not answer"):
        Influx(url="http://127.0.0.1:1", database=influx.name).ask("SHOW MEASUREMENTS")
    with pytest.raises(InvalidInput, match=r"(failed to parse|error parsing) query"):
        Influx(url=influx.server.url, database=influx.name, token=token(influx)).ask("SELECT")

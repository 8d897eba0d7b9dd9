"""`judge FILE`: verdict, exit status, JSON, charts, and what a person is told of a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from coldchain.errors import ConfigError
from coldchain_backend.cli import app

EXAMPLE = Path("docs/examples/gsp-trap.csv")
PICTURE = Path("docs/images/gsp-trap.svg")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["judge", *arguments])


def file_of(tmp_path: Path, values: Sequence[float | None], *, step: int = 5) -> str:
    """A value every `step` minutes, from midnight UTC; None: nothing was recorded."""
    path = tmp_path / "logger.csv"
    rows = [
        f"2026-01-{15 + at // 1440:02d}T{at // 60 % 24:02d}:{at % 60:02d}:00Z,{value}"
        for at, value in ((index * step, value) for index, value in enumerate(values))
        if value is not None
    ]
    path.write_text("\n".join(["time,temp °C", *rows, ""]), encoding="utf-8")
    return str(path)


def test_the_trap_of_a_changing_cadence_passes_by_time() -> None:
    done = run(str(EXAMPLE), "--profile", "cct-medicine-usp", "--interval", "30m", "--to", "2026-01-16T00:00")
    assert done.exit_code == 0, done.output
    assert "temperature (°C): CONFORM" in done.output
    assert "5.445 °C" in done.output
    assert "not evidence: unsigned file" in done.output


def test_the_picture_in_the_documents_is_this_one(tmp_path: Path) -> None:
    drawn = tmp_path / "trap.svg"
    limits = ["--profile", "cct-medicine-usp", "--interval", "30m", "--to", "2026-01-16T00:00"]
    assert run(str(EXAMPLE), *limits, "--plot", str(drawn)).exit_code == 0
    assert drawn.read_text(encoding="utf-8") == PICTURE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "status", "outcome"),
    [
        ([5.0] * 60, 0, "conform"),
        ([5.0] * 20 + [9.0] * 10 + [5.0] * 30, 1, "non_conform"),
        ([5.0] * 20 + [9.0] * 3 + [5.0] * 37, 0, "conform"),
        ([5.0] * 20 + [None] * 20 + [5.0] * 20, 3, "not_demonstrable"),
        ([9.0] * 10 + [None] * 40 + [9.0] * 10, 1, "non_conform"),
    ],
)
def test_the_exit_status_is_the_verdict(
    values: list[float | None], status: int, outcome: str, tmp_path: Path
) -> None:
    done = run(file_of(tmp_path, values), "--profile", "vaccine-2-8", "--json")
    assert (done.exit_code, json.loads(done.output)["outcome"]) == (status, outcome)


def test_json_holds_what_the_verdict_rests_on(tmp_path: Path) -> None:
    values: list[float | None] = [5.0] * 100 + [9.0] * 10 + [None] * 10 + [5.0] * 180
    done = run(file_of(tmp_path, values), "--profile", "vaccine-2-8", "--json")
    found = json.loads(done.output)
    channel = found["channels"][0]
    verdict = channel["verdict"]
    assert found["evidence"] == "not evidence: unsigned file"
    assert verdict["reasons"][0]["kind"] == "limit_broken"
    assert verdict["reasons"][0]["zh"].startswith("high: 超限")
    assert verdict["profile"]["name"] == "vaccine-2-8"
    assert verdict["exposure"]["rules"]["high"]["out_ms"] == 50 * 60_000
    assert (verdict["weighting"], verdict["counting"]) == ("hold_last", "recorded")
    assert channel["interval_proposed"]
    assert channel["excursions"][0]["data_gap"]
    assert len(channel["gaps"]) == 1
    assert channel["worst_24h"]["mkt"] > 5.0


def test_the_table_tells_interval_gaps_excursions_and_refusals(tmp_path: Path) -> None:
    path = file_of(tmp_path, [5.0] * 30 + [9.0] * 10 + [None] * 30 + [5.0] * 30)
    with Path(path).open("a", encoding="utf-8") as file:
        file.write("2026-01-15T23:00:00Z,---\n2026-01-15T08:00:00Z,5.0\n2026-01-15T00:00:00Z,7.0\n")
    done = run(path, "--profile", "vaccine-2-8", "--interval", "5m", "--language", "zh")
    for part in (
        "unknown time: 1 gaps",
        "excursions",
        "不符合",
        "first in line",
        "taken once: 1",
        "conflicts: 1",
    ):
        assert part in done.output


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_charts_are_drawn(kind: str, tmp_path: Path) -> None:
    values: list[float | None] = [5.0] * 30 + [9.0] * 10 + [None] * 30 + [5.0] * 30
    drawn = tmp_path / f"chart.{kind}"
    assert run(file_of(tmp_path, values), "--profile", "vaccine-2-8", "--plot", str(drawn)).exit_code == 1
    head = drawn.read_bytes()[:8]
    assert head.startswith(b"<svg" if kind == "svg" else b"\x89PNG")


def test_a_chart_of_very_many_readings_stays_small(tmp_path: Path) -> None:
    drawn = tmp_path / "chart.svg"
    values: list[float | None] = [5.0 + index % 7 / 10 for index in range(6_000)]
    run(file_of(tmp_path, values, step=1), "--profile", "vaccine-2-8", "--plot", str(drawn))
    assert drawn.stat().st_size < 100_000


def test_several_columns_have_a_verdict_and_a_chart_each(tmp_path: Path) -> None:
    path = tmp_path / "lanes.csv"
    rows = [f"2026-01-15T{hour:02d}:00:00Z,5.0,{9.0 if hour > 5 else 5.0}" for hour in range(24)]
    path.write_text("\n".join(["time,A °C,B °C", *rows]), encoding="utf-8")
    drawn = tmp_path / "lanes.svg"
    done = run(str(path), "--profile", "vaccine-2-8", "--column", "all", "--plot", str(drawn))
    assert done.exit_code == 1
    assert "A °C: CONFORM" in done.output
    assert "B °C: NON-CONFORM" in done.output
    assert {one.name for one in tmp_path.glob("*.svg")} == {"lanes-1.svg", "lanes-2.svg"}


def test_a_part_of_the_time_is_judged_by_itself(tmp_path: Path) -> None:
    path = file_of(tmp_path, [9.0] * 60 + [5.0] * 60)
    later = ["--from", "2026-01-15T05:05", "--to", "2026-01-15T10:00:00+00:00"]
    assert run(path, "--profile", "vaccine-2-8", *later).exit_code == 0
    assert run(path, "--profile", "vaccine-2-8", "--zone", "+00:00").exit_code == 1


def test_a_guard_band_makes_near_values_indeterminate(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "profiles:\n  - {name: own, version: 1, title: {en: own}, citation: own, indeterminate: true,"
        " rules: ["
        "{name: high, side: high, threshold: 8, alarm_after: 30m}]}\n",
        encoding="utf-8",
    )
    path = file_of(tmp_path, [7.8] * 60)
    limits = ["--profile", "own", "--profiles", str(own)]
    assert run(path, *limits, "--uncertainty", "0.1").exit_code == 0
    near = run(path, *limits, "--uncertainty", "0.5")
    assert near.exit_code == 3
    assert "too near to the limit" in near.output
    assert "uncertainty of the measurement is not known" in run(path, *limits).output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--profile", "nope"], "no profile"),
        (["--profile", "demo", "--interval", "0"], "longer than 0"),
        (["--profile", "demo", "--interval", "soon"], "duration"),
        (["--profile", "demo", "--from", "yesterday"], "not a time"),
        (["--profile", "demo", "--from", "2027-01-01", "--to", "2026-01-01"], "no length"),
        (["--profile", "demo", "--interval", "32d"], "at most 31 days"),
        (["--profile", "demo", "--to", "2020-01-01"], "its readings go from 2026-01-15 to 2026-01-15"),
        (["--profile", "demo", "--to", "9999-12-31"], "more than ten years from its readings"),
        (["--profile", "demo", "--from", "0001-01-01"], "more than ten years from its readings"),
        (["--profile", "demo", "--uncertainty", "-1"], "uncertainty"),
        (["--profile", "demo", "--plot", "chart.gif"], ".svg or a .png"),
        (["--profile", "demo", "--zone", "Mars"], "time zone"),
        (["--profile", "demo", "--plot", "/nowhere/chart.svg"], "/nowhere"),
    ],
)
def test_options_that_cannot_be_meant_are_told(arguments: list[str], told: str, tmp_path: Path) -> None:
    """Each as a ConfigError, which ends the command with 2: 1 would be a verdict."""
    done = run(file_of(tmp_path, [5.0] * 60), *arguments)
    assert isinstance(done.exception, ConfigError)
    assert told in str(done.exception)


def test_a_clock_that_was_lost_is_named_before_its_decades_are_judged(tmp_path: Path) -> None:
    path = tmp_path / "lost.csv"
    path.write_text("time,temp °C\n2000-01-01T00:00Z,5.0\n2026-01-15T00:00Z,5.0\n", encoding="utf-8")
    told = str(run(str(path), "--profile", "vaccine-2-8", "--interval", "5m").exception)
    assert "2000-01-01 to 2026-01-15" in told
    assert "clock" in told


def test_one_reading_needs_an_interval(tmp_path: Path) -> None:
    path = file_of(tmp_path, [5.0])
    assert "--interval" in str(run(path, "--profile", "vaccine-2-8").exception)
    assert run(path, "--profile", "vaccine-2-8", "--interval", "5m").exit_code == 0


def test_a_hole_of_three_hours_becomes_neither_an_interval_nor_a_breach(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("time,temp °C\n2026-01-15T00:00Z,9.0\n2026-01-15T03:00Z,9.1\n", encoding="utf-8")
    assert "give --interval" in str(run(str(path), "--profile", "vaccine-2-8").exception)
    done = run(str(path), "--profile", "vaccine-2-8", "--interval", "5m", "--json")
    verdict = json.loads(done.output)["channels"][0]["verdict"]
    assert (done.exit_code, verdict["exposure"]["rules"]["high"]["out_ms"]) == (3, 600_000)


def test_a_column_without_readings_is_told(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("time,A °C,B °C\n2026-01-15T00:00Z,5.0,---\n", encoding="utf-8")
    done = run(str(path), "--profile", "vaccine-2-8", "--column", "B")
    assert "'B °C' holds no readings: nothing measured in it (1, first in line 2)" in str(done.exception)


def test_a_time_zone_is_named_by_the_file_or_the_person(tmp_path: Path) -> None:
    path = tmp_path / "local.csv"
    path.write_text("time,temp °C\n2026-01-15 08:00,5.0\n2026-01-15 08:05,5.0\n", encoding="utf-8")
    assert "--zone" in str(run(str(path), "--profile", "vaccine-2-8").exception)
    more = ["--zone", "Asia/Shanghai", "--interval", "5m", "--json"]
    done = run(str(path), "--profile", "vaccine-2-8", *more)
    assert json.loads(done.output)["channels"][0]["verdict"]["from_ms"] == 1_768_435_200_000


def test_help_shows_examples_and_exit_statuses() -> None:
    helped = run("--help").output
    assert "coldchain-backend judge logger.csv" in helped
    assert "3 not demonstrable" in helped

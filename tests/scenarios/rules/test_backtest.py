"""A changed limit tried on what was measured: both columns from the same readings, nothing written."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coldchain.errors import InvalidInput
from coldchain.excursions import Judged, judge
from coldchain_backend.cli import app
from coldchain_backend.fleet import Plan, ZoneState
from coldchain_backend.ruletests.backtest import Compared, backtest, backtest_json, places_in
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan, profile


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path)
    log.fleet(plan({"s": MINUTE, "t": MINUTE}))
    log.at(T0 + 4 * HOUR)
    for name, warm in (("s", range(60, 90)), ("t", range(60, 63))):
        log.say(*[(name, T0 + n * MINUTE, 9.0 if n in warm else 4.0) for n in range(200)])
    yield log
    log.close()


def compared(log: Log, changed: Plan, point: str = "p.s") -> Compared:
    fleet = log.answers.fleet()
    [place] = [one for one in places_in(fleet, changed, None) if one.point.id == point]
    found = backtest(log.records, fleet, changed, place, (0, T0 + 4 * HOUR))
    assert found is not None
    return found


def test_a_longer_delay_turns_an_alarm_into_a_warning(log: Log) -> None:
    row = compared(log, plan({"s": MINUTE, "t": MINUTE}, limits=profile(alarm_after_ms=HOUR)))
    assert (row.raised_now.alarms, row.raised_now.warnings) == (1, 0)
    assert (row.raised_then.alarms, row.raised_then.warnings) == (0, 1)
    assert row.raised_now.out_ms == row.raised_then.out_ms == 30 * MINUTE
    assert row.differs
    assert row.readings == 200


def test_the_same_limits_raise_the_same_and_that_is_what_judging_found(log: Log) -> None:
    row = compared(log, plan({"s": MINUTE, "t": MINUTE}), "p.t")
    assert not row.differs
    samples = log.records.samples("t", "temperature", 0, T0 + 4 * HOUR)
    whole = judge(samples, T0 + 4 * HOUR, Judged(profile=profile(), interval_ms=MINUTE))
    assert row.raised_now.alarms + row.raised_now.warnings == len(whole.excursions)
    assert row.raised_now.out_ms == sum(one.out_ms for one in whole.excursions)


def test_time_out_of_use_raises_nothing_and_what_is_open_counts(log: Log) -> None:
    log.say(("s", T0 + 3 * HOUR + 50 * MINUTE, 9.0), ("s", T0 + 3 * HOUR + 51 * MINUTE, 9.0))
    log.fleet(plan({"s": MINUTE, "t": MINUTE}, state=ZoneState.EMPTY))
    log.at(T0 + 5 * HOUR)
    log.say(*[("s", T0 + 4 * HOUR + n * MINUTE, 20.0) for n in range(1, 30)])
    assert compared(log, plan({"s": MINUTE})).raised_then.alarms == 2


def test_a_point_that_the_changed_file_has_not_is_left_out(log: Log) -> None:
    changed = plan({"s": MINUTE})
    assert [place.point.id for place in places_in(log.answers.fleet(), changed, None)] == ["p.s"]
    assert places_in(log.answers.fleet(), changed, "no-zone") == []
    lost = replace(changed, profiles=())
    [place] = places_in(log.answers.fleet(), changed, "z")
    assert backtest(log.records, log.answers.fleet(), lost, place, (0, T0)) is None


def test_rows_are_json_too(log: Log) -> None:
    [line] = backtest_json([compared(log, plan({"s": MINUTE}, limits=profile(alarm_after_ms=SECOND)))])
    assert '"alarms": 1' in line


CHANGED = """\
organisation: demo
profiles:
  - {name: chilled, version: 2, title: {en: Chilled}, citation: none, rules: [
      {name: high, side: high, threshold: 8, hysteresis: 0.5, warning_after: 0s, alarm_after: 2m}]}
assets:
  - {id: store, kind: cold_store, name: {en: S}, time_zone: UTC, zones: [
      {id: z, name: {en: Z}, profile: chilled, points: [{id: p.s, name: {en: S}, sensor: s}]}]}
sensors: [{id: s, interval: 1m}]
"""


def test_the_command_reads_the_database_and_prints_a_table(log: Log, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with (
        closing(sqlite3.connect(log.path)) as source,
        closing(sqlite3.connect(tmp_path / "data" / "coldchain.sqlite")) as copy,
    ):
        source.backup(copy)
    (tmp_path / "backend.toml").write_text('[backend]\norganisation = "demo"\n', encoding="utf-8")
    (tmp_path / "new.yaml").write_text(CHANGED, encoding="utf-8")
    command = ["--config", str(tmp_path / "backend.toml"), "rules", "backtest", str(tmp_path / "new.yaml")]
    done = CliRunner().invoke(app, [*command, "--days", "3000", "--all"])
    assert done.exit_code == 0, done.output
    assert "chilled v2" in done.stdout
    assert "1 points" in done.stdout
    refused = CliRunner().invoke(app, [*command, "--zone", "nowhere"])
    assert isinstance(refused.exception, InvalidInput)

"""`check` knows how often each sensor speaks, and names those too slow for what must be proved."""

from dataclasses import replace
from pathlib import Path

import pytest

from coldchain.watch import WatchBundle, to_bytes
from coldchain_gateway.cli import main
from coldchain_gateway.cli.cadences import expected, too_slow
from coldchain_gateway.config import load
from support.watching import FRONT, PROFILE

MINUTE_MS = 60_000
CONFIG = """
[gateway]
name = "gw"
organisation = "demo"
[local_alarm]
watch_file = "{folder}/watch.json"
[[source]]
kind = "modbus"
name = "bus"
port = "/dev/ttyNONE"
[[source.unit]]
address = 1
template = "r4dcb08"
sensor = "eight"
[[source.unit]]
address = 2
template = "carel-ir33"
sensor = "front"
interval = "10m"
line_changed = true
[[source]]
kind = "onewire"
name = "probes"
interval = "1m"
probe = [{{ id = "28-0316a2794a7f", sensor = "goods" }}]
[[source]]
kind = "serial_line"
name = "line"
port = "/dev/ttyNONE2"
interval = "2s"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "gateway.toml"
    made.write_text(CONFIG.format(folder=tmp_path))
    return made


def bundle(cadence_ms: int | None, out_ms: int | None = None, sensor_ms: int = 10_000) -> WatchBundle:
    profile = replace(PROFILE, cadence_ms=cadence_ms, cadence_out_ms=out_ms)
    return WatchBundle(
        version="1",
        organisation="demo",
        gateway="gw",
        made_ms=0,
        sensors=(replace(FRONT, interval_ms=sensor_ms),),
        profiles=(profile,),
    )


def test_every_sensor_has_an_interval_and_says_where_from(file: Path) -> None:
    known = {one.sensor or one.source: one for one in expected(load(file))}
    assert (known["eight.3"].interval_ms, known["eight.3"].origin) == (30_000, "template")
    assert known["eight.3"].note == "r4dcb08, public template"
    assert (known["front"].interval_ms, known["front"].origin) == (10 * MINUTE_MS, "declared")
    assert known["front"].note.endswith("a controller's own probe")
    assert known["goods"].interval_ms == MINUTE_MS
    assert known["line"].interval_ms == 2_000


@pytest.mark.parametrize(
    ("watched", "told", "note"),
    [
        (bundle(None), "", False),
        (bundle(10 * MINUTE_MS), "", False),
        (bundle(5 * MINUTE_MS), "front: expected every 10m (declared), profile chilled has", False),
        (bundle(10 * MINUTE_MS, 2 * MINUTE_MS), "wants one every 2m while out of limits", True),
        (bundle(15 * MINUTE_MS, None, 20 * MINUTE_MS), "front: expected every 20m (fleet)", False),
    ],
)
def test_a_sensor_that_is_too_slow_is_named(
    file: Path,
    watched: WatchBundle,
    told: str,
    note: bool,  # noqa: FBT001 - a case of the test
) -> None:
    found = list(too_slow(watched, expected(load(file))))
    assert len(found) == bool(told)
    for said, only_note in found:
        assert told in said
        assert only_note is note


def test_check_tells_it_and_fails(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch = file.parent / "watch.json"
    watch.write_bytes(to_bytes(bundle(5 * MINUTE_MS)))
    assert main(["--config", str(file), "check", "--no-host"]) == 1
    assert "has to prove a reading every 5m" in capsys.readouterr().out
    watch.write_bytes(to_bytes(bundle(10 * MINUTE_MS)))
    assert main(["--config", str(file), "check", "--no-host"]) == 0
    shown = capsys.readouterr().out
    assert "bus: eight.1 every 30s (template), r4dcb08, public template" in shown
    assert "line: sensors that it names itself every 2s (declared)" in shown

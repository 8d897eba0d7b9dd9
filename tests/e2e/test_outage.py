"""72 hours without a backend in compressed time, and a backend that was restored from an earlier copy.

Devices tell the time of each reading themselves (`last_seen`), so three days of them can be said in seconds.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from demo.evidence import BrokenLedger, Name
from demo.ports import LOCAL
from demo.stage import Stage, StageSettings
from support import parts
from support.acceptance import Figures
from support.killing import doubled, evidence
from support.soak import rounds

DATA = Path(__file__).resolve().parents[1] / "data" / "outage"
HOURS = 72
SENSORS = 10
EACH_MS = rounds(240_000, 20_000)  # one reading of every sensor
WITHIN_S = 120.0
SEEN_WITHIN_S = 2.0
RSS_MB = 80


@dataclass(slots=True)
class Devices:
    """Sensors behind a bridge, numbered through: reading n is of sensor n mod SENSORS."""

    client: paho.Client
    said: int = 0

    def say(self, count: int, *, from_ms: int, each_ms: int) -> None:
        """So many readings, SENSORS at a time, that far apart."""
        last = None
        for number in range(self.said, self.said + count):
            at_ms = from_ms + (number - self.said) // SENSORS * each_ms
            payload = {"temperature": 4.0 + number % 7 / 10, "counter": number, "last_seen": at_ms}
            topic = f"zigbee2mqtt/outage-{number % SENSORS}"
            last = self.client.publish(topic, json.dumps(payload), qos=1)
        self.said += count
        if last is not None:
            last.wait_for_publish(WITHIN_S)

    def say_now(self, count: int = SENSORS) -> None:
        self.say(count, from_ms=time.time_ns() // 1_000_000, each_ms=1)

    def names(self) -> set[Name]:
        return {Name(f"outage-{number % SENSORS}", number) for number in range(self.said)}


@contextmanager
def devices(stage: Stage) -> Iterator[Devices]:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bridge")
    client.max_inflight_messages_set(500)
    client.max_queued_messages_set(0)
    client.connect(LOCAL, stage.ports["mqtt"])
    client.loop_start()
    yield Devices(client)
    client.loop_stop()
    client.disconnect()


def held(stage: Stage) -> list[Name]:
    """In evidence, in the order of the ledger; what a record in the making hides comes next time."""
    try:
        return evidence(stage)
    except BrokenLedger:
        return []


def all_held(stage: Stage, told: Devices) -> bool | None:
    return (told.names() <= set(held(stage))) or None


def kept(stage: Stage, told: Devices) -> bool | None:
    status = json.loads((stage.gateway_data / "status.json").read_bytes())
    return bool(status["lines_kept"] >= told.said and not status["queue"]) or None


def peak_mb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024


@contextmanager
def ready(tmp_path: Path) -> Iterator[tuple[Stage, Devices]]:
    """The stage without its simulator, with some readings in evidence."""
    parts.require("mosquitto")
    settings = StageSettings(
        directory=tmp_path / "stage", gateway=DATA / "gateway.toml", starts=("broker", "backend", "gateway")
    )
    with Stage(settings) as stage, devices(stage) as told:
        told.say_now()
        stage.until("the first readings", lambda: all_held(stage, told), within_s=WITHIN_S)
        yield stage, told


def first_after(stage: Stage, before: int) -> Name | None:
    seen = held(stage)
    return seen[before] if len(seen) > before else None


@pytest.mark.budget(120)
@pytest.mark.soak
@pytest.mark.acceptance("A4")
def test_three_days_without_a_backend_and_then_live_first_and_all_of_it_once(
    tmp_path: Path, figures: Figures
) -> None:
    with ready(tmp_path) as (stage, told):
        before = len(held(stage))
        stage.uplink.cut()
        count = HOURS * 3_600_000 // EACH_MS * SENSORS
        told.say(count, from_ms=time.time_ns() // 1_000_000 - HOURS * 3_600_000, each_ms=EACH_MS)
        stage.until("all to be kept", lambda: kept(stage, told), within_s=WITHIN_S)
        time.sleep(1.0)  # so that what comes now is a batch of its own
        newest = told.said
        told.say_now()
        time.sleep(1.0)  # it is closed
        mended = time.monotonic()
        stage.uplink.mend()
        first = stage.until("the newest", lambda: first_after(stage, before), within_s=WITHIN_S, every_s=0.05)
        seen_s = time.monotonic() - mended
        assert first.counter >= newest, "the backlog went first"
        stage.until("all to drain", lambda: all_held(stage, told), within_s=WITHIN_S)
        drained_s = time.monotonic() - mended
        peak = peak_mb(stage.programs["gateway"].pid)
        figures.add(hours=HOURS, readings=told.said, lost=len(told.names() - set(held(stage))))
        figures.add(doubled=len(doubled(held(stage))), newest_after_ms=round(seen_s * 1000), rss_mb=peak)
        figures.add(drained_ms=round(drained_s * 1000))
        assert doubled(held(stage)) == []
        assert seen_s <= SEEN_WITHIN_S
        assert peak <= RSS_MB
        assert "intact" in stage.backend("verify")


@pytest.mark.budget(90)
@pytest.mark.acceptance("A4")
def test_a_backend_that_was_restored_from_an_earlier_copy_gets_everything_again(
    tmp_path: Path, figures: Figures
) -> None:
    with ready(tmp_path) as (stage, told):
        stage.stop("backend")
        copy = tmp_path / "copy"
        shutil.copytree(stage.backend_data, copy)
        stage.start("backend")
        for _ in range(5):
            told.say_now(200)
            stage.until("readings", lambda: all_held(stage, told), within_s=WITHIN_S)
        stage.kill("backend")
        shutil.rmtree(stage.backend_data)
        shutil.copytree(copy, stage.backend_data)
        stage.start("backend")
        assert not told.names() <= set(held(stage))
        told.say_now()
        stage.until("everything again", lambda: all_held(stage, told), within_s=WITHIN_S)
        missing = told.names() - set(held(stage))
        figures.add(restored=1, readings=told.said, lost=len(missing), doubled=len(doubled(held(stage))))
        assert doubled(held(stage)) == []
        assert "intact" in stage.backend("verify")

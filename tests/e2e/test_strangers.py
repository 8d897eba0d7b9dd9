"""Clients that are not ours, used as a stranger would: what they write is in the API and on the page."""

from __future__ import annotations

import string
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from demo.stage import Stage, StageSettings
from support import parts

DATA = Path(__file__).resolve().parents[1] / "data" / "strangers"
SEEN_WITHIN_S = 15.0
PROGRAM = """
import sys
from influxdb_client import InfluxDBClient, Point
from influxdb_client.client.write_api import SYNCHRONOUS
with InfluxDBClient(url=sys.argv[1], token=sys.argv[2], org="demo") as client:
    writer = client.write_api(write_options=SYNCHRONOUS)
    point = Point("reading").tag("sensor", "client-fridge").field("temperature", 4.3)
    writer.write(bucket="any", record=point)
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    parts.require("mosquitto")
    settings = StageSettings(
        directory=tmp_path_factory.mktemp("strangers"),
        starts=("broker", "backend", "gateway"),
        fleet=DATA / "fleet.yaml",
        gateway=DATA / "gateway.toml",
    )
    with Stage(settings) as running:
        yield running


@pytest.fixture(scope="module")
def token(stage: Stage) -> str:
    """A token that may write, as an administrator makes it for a machine."""
    said = stage.backend("token", "create", "--gateway", "stranger")
    return said.split()[-1]


@pytest.fixture(scope="module")
def page(stage: Stage) -> Iterator[Page]:
    """The board in a real browser, logged in by a link."""
    chromium = parts.require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        opened = browser.new_context(locale="en").new_page()
        opened.goto(stage.login_link())
        yield opened
        browser.close()


def celsius(stage: Stage, sensor: str) -> float | None:
    for item in stage.api.items("/api/v1/readings", sensor=sensor):
        value = item["temperature"]
        assert isinstance(value, int | float)
        return float(value)
    return None


def assert_seen(stage: Stage, page: Page, sensor: str, zone: str, value: float) -> None:
    """The value is in the API for the sensor, and on the page in the row of its zone."""
    found = stage.until(f"{sensor} in the API", lambda: celsius(stage, sensor), within_s=SEEN_WITHIN_S)
    assert found == value
    row = page.get_by_text(zone, exact=True).locator(f"xpath=ancestor::*[contains(., '{value:.1f}')][1]")
    expect(row.first).to_be_visible(timeout=SEEN_WITHIN_S * 1000)


def posted(url: str, token: str, line: str) -> str:
    """The status with which a write by curl is answered."""
    command = [str(parts.require("curl")), "-sS", "-w", "\n%{http_code}"]
    command += ["-H", f"Authorization: Token {token}", url, "--data-binary", line]
    answered = subprocess.run(command, capture_output=True, text=True, check=True)
    return answered.stdout.splitlines()[-1]


def test_curl(stage: Stage, page: Page, token: str) -> None:
    line = f"reading,sensor=curl-fridge temperature=4.2 {time.time():.0f}"
    assert posted(f"{stage.backend_url}/api/v2/write?org=demo&bucket=any&precision=s", token, line) == "204"
    assert_seen(stage, page, "curl-fridge", "Curl", 4.2)


def test_curl_with_a_wrong_token_is_told_no(stage: Stage) -> None:
    assert posted(f"{stage.backend_url}/api/v2/write?org=demo&bucket=any", "wrong", "x y=1") == "401"


def test_influxdb_client(stage: Stage, page: Page, token: str) -> None:
    subprocess.run([sys.executable, "-c", PROGRAM, stage.backend_url, token], check=True)
    assert_seen(stage, page, "client-fridge", "Client", 4.3)


def publish(stage: Stage, topic: str, payload: str) -> None:
    command = [str(parts.require("mosquitto_pub")), "-h", "127.0.0.1", "-p", str(stage.ports["mqtt"])]
    subprocess.run([*command, "-q", "1", "-t", topic, "-m", payload], check=True)


def test_mosquitto_pub_through_a_mapping_of_the_gateway(stage: Stage, page: Page) -> None:
    publish(stage, "plant/pub-fridge/climate", '{"t": 4.4, "battery": 97}')
    assert_seen(stage, page, "pub-fridge", "Mosquitto", 4.4)


def test_telegraf(stage: Stage, page: Page, token: str, tmp_path: Path) -> None:
    telegraf = parts.require("telegraf")
    config = tmp_path / "telegraf.conf"
    template = string.Template((DATA / "telegraf.conf").read_text("utf-8"))
    config.write_text(template.substitute(stage.values, token=token), "utf-8")
    log = (tmp_path / "telegraf.log").open("wb")
    with log, subprocess.Popen([str(telegraf), "--config", str(config)], stdout=log, stderr=log) as running:
        try:
            said = Path(log.name)
            stage.until("telegraf", lambda: b"Connected" in said.read_bytes() or None, within_s=SEEN_WITHIN_S)
            publish(stage, "shed/telegraf-fridge", '{"t": 4.5}')
            assert_seen(stage, page, "shed/telegraf-fridge", "Telegraf", 4.5)
        finally:
            running.terminate()

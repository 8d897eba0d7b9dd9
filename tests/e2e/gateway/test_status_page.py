"""The real gateway on its own, by a watch file, looked at on a phone and on a desk."""

import os
import pty
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain.watch import to_bytes
from coldchain.words import Text
from support.ports import free_port
from support.served_page import browser
from support.watching import FRONT, PROFILE, bundle

CONFIG = """
[gateway]
name = "truck-7"
organisation = "demo"

[local_alarm]
watch_file = "{folder}/watch.json"

[page]
port = {page}

[[source]]
kind = "serial_line"
name = "line"
port = "{folder}/tty"
sensor = "front"
"""


@contextmanager
def gateway(folder: Path) -> Iterator[tuple[int, int]]:
    """The port of its page and the serial line's other end."""
    master, slave = pty.openpty()
    (folder / "tty").symlink_to(os.ttyname(slave))
    port = free_port()
    (folder / "gateway.toml").write_text(CONFIG.format(folder=folder, page=port))
    at_once = replace(PROFILE, rules=tuple(replace(rule, alarm_after_ms=0) for rule in PROFILE.rules))
    watched = replace(FRONT, contacts=("Dispatch 139 0000 0000",), zone_name=Text(en="Rear box", zh="后厢"))
    document = replace(bundle(watched), profiles=(at_once,))
    (folder / "watch.json").write_bytes(to_bytes(document))
    command = [sys.executable, "-m", "coldchain_gateway", "--config", str(folder / "gateway.toml"), "run"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stderr=log)
    try:
        wait_for(lambda: "serial_line.open" in (folder / "log").read_text() and answers(port))
        yield port, master
    finally:
        process.terminate()
        process.wait(10)
        os.close(master)
        os.close(slave)


def answers(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
        return True
    return False


def wait_for(true: object, within_s: float = 30.0) -> None:
    assert callable(true)
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("language", "alarm", "hush"), [("en", "ALARM", "Hush 15"), ("zh", "报警", "静音 15")]
)
def test_a_driver_sees_the_alarm_and_hushes_it(tmp_path: Path, language: str, alarm: str, hush: str) -> None:
    with gateway(tmp_path) as (port, line), browser() as made:
        os.write(line, b'{"temp":9.50}\r\n')
        page = made.new_page(viewport={"width": 360, "height": 780}, locale=language)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_function(f"document.querySelector('.banner').textContent.includes({alarm!r})")
        assert "9.5" in page.inner_text("li.alarm output")
        assert "139 0000 0000" in page.inner_text(".todo")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        button = page.locator("button", has_text=hush)
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44, "a thumb must hit it"
        assert box["y"] + box["height"] <= 780, "on the first screen"
        button.click()
        page.wait_for_selector("form", state="detached")
        assert page.locator(".banner.alarm").count() == 1, "hushing ends no alarm"
        assert all(url.startswith(f"http://127.0.0.1:{port}/") for url in asked), "nothing from elsewhere"
        page.set_viewport_size({"width": 1280, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert "local_alarm.hushed" in (tmp_path / "log").read_text()

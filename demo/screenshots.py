"""Pictures of a real run for README and docs: `python -m demo.screenshots` writes docs/images/*.png.

Desktop (1280 px, English) and phone (390 px, Chinese), taken while the chiller's alarm stands.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from demo.__main__ import tell
from demo.stage import ORDER, Stage, StageSettings

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
ALARM_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One way to look at the page."""

    name: str
    width: int
    height: int
    locale: str


WINDOWS = (
    Window(name="desktop", width=1280, height=800, locale="en-GB"),
    Window(name="phone", width=390, height=844, locale="zh-CN"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play until the alarm stands, take the pictures, end everything."""
    parser = argparse.ArgumentParser(prog="demo.screenshots", description=__doc__)
    parser.add_argument("--into", type=Path, default=IMAGES)
    into: Path = parser.parse_args(arguments).into
    into.mkdir(parents=True, exist_ok=True)
    folder = ROOT / ".demo" / "screenshots"
    shutil.rmtree(folder, ignore_errors=True)
    with Stage(StageSettings(directory=folder)) as stage:
        link = stage.login_link()
        tell("waiting for the alarm")
        stage.until("the alarm", lambda: _alarmed(stage), within_s=ALARM_WITHIN_S, alive=ORDER)
        for path in take(link, stage.backend_url, into):
            tell(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")
    shutil.rmtree(folder)
    return 0


def take(link: str, url: str, into: Path) -> list[Path]:
    """Log in by the link in each window and picture the board and the alerts."""
    chromium = shutil.which("chromium")
    taken: list[Path] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for window in WINDOWS:
            page = open_page(browser, window, link, url)
            for name, path in (("board", "/"), ("alerts", "/alerts")):
                page.goto(url + path)
                page.locator("main").wait_for()
                target = into / f"{name}-{window.name}.png"
                page.screenshot(path=target, full_page=True)
                taken.append(target)
            page.context.close()
        browser.close()
    return taken


def open_page(browser: Browser, window: Window, link: str, url: str) -> Page:
    """A logged-in page of its own context."""
    size = ViewportSize(width=window.width, height=window.height)
    page = browser.new_context(viewport=size, locale=window.locale, device_scale_factor=1).new_page()
    page.goto(link)
    page.wait_for_url(f"{url}/")
    return page


def _alarmed(stage: Stage) -> bool:
    return any(one.type == "alert.fired" and one.verified for one in stage.receiver.received())


if __name__ == "__main__":
    sys.exit(main())

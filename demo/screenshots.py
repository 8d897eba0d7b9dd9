"""Pictures of a real run for README and docs: `python -m demo.screenshots` writes docs/images/*.png.

Desktop (1280 px, English) and phone (390 px, Chinese), taken while the chiller's alarm stands. With
`--storm`: the pages while forty rooms alarm at once, and the terminal of `make demo-storm`.
"""

import argparse
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from playwright.sync_api import Browser, FloatRect, Page, ViewportSize, sync_playwright
from rich.console import Console

from demo.__main__ import tell
from demo.stage import ORDER, Stage, StageSettings
from demo.storm import play, prepared, table_of

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
ALARM_WITHIN_S = 90.0
PAGES = MappingProxyType({"board": "/", "alerts": "/alerts"})
STORM_PAGES = MappingProxyType(
    {"storm-board": "/", "storm-alerts": "/alerts?sort=level", "storm-figures": "/kpis?span=1d"}
)


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
    parser.add_argument("--storm", action="store_true", help="play the storm and picture that")
    asked = parser.parse_args(arguments)
    into: Path = asked.into
    into.mkdir(parents=True, exist_ok=True)
    if asked.storm:
        return _storm(into)
    folder = ROOT / ".demo" / "screenshots"
    shutil.rmtree(folder, ignore_errors=True)
    with Stage(StageSettings(directory=folder)) as stage:
        link = stage.login_link()
        tell("waiting for the alarm")
        stage.until("the alarm", lambda: _alarmed(stage), within_s=ALARM_WITHIN_S, alive=ORDER)
        for path in take(link, stage.backend_url, into, PAGES):
            tell(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")
    shutil.rmtree(folder)
    return 0


def take(link: str, url: str, into: Path, pages: Mapping[str, str]) -> list[Path]:
    """Log in by the link in each window and picture the pages, by name; a phone's picture ends in time."""
    chromium = shutil.which("chromium")
    taken: list[Path] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for window in WINDOWS:
            page = open_page(browser, window, link, url)
            for name, path in pages.items():
                page.goto(url + path)
                page.locator("main").wait_for()
                target = into / f"{name}-{window.name}.png"
                page.screenshot(path=target, full_page=True, clip=_clip(page, window))
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


def _clip(page: Page, window: Window) -> FloatRect:
    """The whole page, or as much of it as three screens."""
    height = float(page.evaluate("document.documentElement.scrollHeight"))
    return FloatRect(x=0, y=0, width=window.width, height=min(height, 3.0 * window.height))


def _storm(into: Path) -> int:
    """Play the storm as `make demo-storm` does; picture pages and terminal once everybody was told."""
    console = Console(record=True, width=100)
    folder = ROOT / ".demo" / "storm-pictures"
    with Stage(prepared(folder)) as stage:
        found = play(stage, console)
        console.print(table_of(found))
        taken = take(stage.login_link(), stage.backend_url, into, STORM_PAGES)
    taken.append(_terminal(console, into / "storm-terminal.svg"))
    for path in taken:
        tell(path.name)
    shutil.rmtree(folder)
    return 0 if found.good else 1


def _terminal(console: Console, target: Path) -> Path:
    """What the terminal showed, with fonts of whoever looks: nothing is loaded from elsewhere."""
    text = console.export_svg(title="make demo-storm")
    target.write_text(re.sub(r"@font-face\s*{.*?}", "", text, flags=re.DOTALL), "utf-8")
    return target


def _alarmed(stage: Stage) -> bool:
    return any(one.type == "alert.fired" and one.verified for one in stage.receiver.received())


if __name__ == "__main__":
    sys.exit(main())

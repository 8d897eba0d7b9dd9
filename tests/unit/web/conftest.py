"""One filled application for all tests that only read; a fresh one for those that change it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.web_app import WebApp, fill


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    web = WebApp(tmp_path_factory.mktemp("filled"))
    fill(web)
    yield web
    web.close()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebApp]:
    web = WebApp(tmp_path)
    yield web
    web.close()


@pytest.fixture
def lived(web: WebApp) -> WebApp:
    """An hour of life in an application of its own, for tests that change something."""
    fill(web, hours=1)
    return web

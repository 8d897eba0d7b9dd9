"""What every test gets: quiet tiers without sockets, the time of each tier, missing parts in one line."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from support.acceptance import NAMES, Acceptance, Figures, chosen
from support.soak import rounds
from support.tiers import Tier, Timing, tier_of

if TYPE_CHECKING:
    from support.postgres import Postgres

# How long an example or its data takes says how busy the machine is, not whether the product is right.
# What says nothing of its examples has few here; `make soak` runs every property test, with many.
settings.register_profile(
    "house", max_examples=rounds(25, 1000), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")
_LOUD = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo"})
_quiet: list[str] = []


def _forbid_sockets(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook: inside a quiet test nobody connects, binds or resolves; socket pairs stay allowed."""
    if _quiet and event in _LOUD:
        raise RuntimeError(f"{_quiet[-1]} is in a tier without sockets, and did {event} {arguments[1:]}")


sys.addaudithook(_forbid_sockets)
_timing = Timing()
_acceptance = Acceptance()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--acceptance", choices=list(NAMES), help="only the acceptance tests of this letter")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if getattr(getattr(item, "function", None), "is_hypothesis_test", False):
            item.add_marker("soak")
    letter = config.getoption("acceptance")
    if letter is not None:
        wanted, others = chosen(items, letter)
        config.hook.pytest_deselected(items=others)
        items[:] = wanted


@pytest.fixture(autouse=True)
def _tier_without_sockets(request: pytest.FixtureRequest) -> Iterator[None]:
    tier = _tier_of(request.node.nodeid)
    if tier is None or not tier.quiet:
        yield
        return
    _quiet.append(request.node.nodeid)
    yield
    _quiet.pop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Debian's PostgreSQL, one server for the session; without it these tests fail."""
    from support.postgres import Postgres  # half a second that other tests do without

    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """What an acceptance test tells of itself for the table at the end."""
    told = Figures()
    request.node.user_properties.append(("figures", told.counts))
    return told


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The names of an acceptance test travel with its report, also from a process beside this one."""
    report = yield
    marker = item.get_closest_marker("acceptance")
    if marker is not None:
        report.user_properties.append(("acceptance", list(marker.args)))
    return report


def _tier_of(nodeid: str) -> Tier | None:
    """The tier of a test; its id begins with the path from the root of the house, wherever that lies."""
    return tier_of(PurePath(nodeid.split("::", maxsplit=1)[0]))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    tier = _tier_of(report.nodeid)
    if tier is not None:
        _timing.add(tier, report.start, report.stop, counts=report.when == "call")
    told = dict(report.user_properties)
    names = told.get("acceptance")
    if names is not None and (report.when == "call" or not report.passed):
        counts = told.get("figures", {})
        for name in names:  # type: ignore[attr-defined]  # an object by pytest's types
            _acceptance.add(name, report.outcome, report.duration, dict(counts))  # type: ignore[call-overload]  # likewise


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = {
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    }
    if reasons:
        terminalreporter.write_line("not tried here: " + "; ".join(sorted(reasons)))
    if _acceptance.rows:
        asked = terminalreporter.config.getoption("acceptance")
        for letter in _acceptance.letters:
            terminalreporter.section(f"acceptance tests {letter}1–{letter}{NAMES[letter]}")
            for line in _acceptance.lines(letter):
                terminalreporter.write_line(line)
            if letter == asked and _acceptance.missing(letter):
                terminalreporter.write_line(f"no test: {' '.join(_acceptance.missing(letter))}")
    if _timing.spans:
        terminalreporter.section("time of each tier")
        for line in _timing.lines():
            terminalreporter.write_line(line)

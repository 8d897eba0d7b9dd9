"""The long tail through the real library: told, failed with a name, unknown, switched off."""

from collections.abc import AsyncIterator

import pytest

from coldchain_backend.delivery.request import Answer, Fate, NoResponse, Note
from coldchain_backend.delivery.senders.apprise import AppriseSender
from coldchain_runtime.secrets import Secret
from support.ill_http import IllHttp
from support.tellings import composed, judged

# What the library imports is its own affair.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
async def ill() -> AsyncIterator[IllHttp]:
    async with IllHttp() as server:
        yield server


async def send(url: str, *, allowed: bool = True, timeout_s: float = 20) -> Answer:
    note = composed("apprise")[0].call
    assert isinstance(note, Note)
    sender = AppriseSender(allowed=allowed, timeout_s=timeout_s)
    try:
        return await sender.send(Note(url=Secret(url), title=note.title, text=note.text))
    finally:
        sender.close()


async def test_a_service_is_told(ill: IllHttp) -> None:
    answer = await send(f"json://127.0.0.1:{ill.port}/ok")
    assert judged("apprise", answer).fate is Fate.DELIVERED
    assert ill.paths == ["/ok"]


async def test_what_failed_is_named_and_tried_again(ill: IllHttp) -> None:
    ill.flips = 1
    outcome = judged("apprise", await send(f"json://127.0.0.1:{ill.port}/flip"))
    assert outcome.fate is Fate.RETRY
    assert "JSON" in outcome.reason


@pytest.mark.parametrize("url", ["nonsense://x", "", "json://"])
async def test_a_service_that_is_none_needs_a_person(url: str) -> None:
    outcome = judged("apprise", await send(url))
    assert (outcome.fate, outcome.reason) == (Fate.SLOW, "apprise knows no such service")


async def test_a_service_that_hangs_is_left_alone(ill: IllHttp) -> None:
    answer = await send(f"json://127.0.0.1:{ill.port}/silent?cto=1&rto=1", timeout_s=0.3)
    assert answer == NoResponse(reason="apprise did not end within 0.3 s")


async def test_it_is_off_until_the_servers_configuration_allows_it(ill: IllHttp) -> None:
    answer = await send(f"json://127.0.0.1:{ill.port}/ok", allowed=False)
    assert isinstance(answer, NoResponse)
    assert answer.forbidden
    assert ill.paths == []

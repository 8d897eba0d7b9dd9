"""Server-sent events: told after a commit, ended with the access."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest
from fastapi import Request

from coldchain_backend.web import live
from coldchain_backend.web.services import Services
from support.judged_log import MINUTE, T0
from support.web_app import FLEET, WebApp


def asked(web: WebApp, token: str) -> Request:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers, "app": web.app})


def services(web: WebApp) -> Services:
    found: Services = web.app.state.services
    return found


def read(event: bytes) -> tuple[str, dict[str, object]]:
    kind, data = event.decode().removesuffix("\n\n").split("\n")
    return kind.removeprefix("event: "), orjson.loads(data.removeprefix("data: "))


def stream(web: WebApp) -> AsyncIterator[bytes]:
    token = next(iter(web.tokens.values()))
    return aiter(live.events(asked(web, token), services(web)))


async def test_a_stream_begins_with_the_present(web: WebApp) -> None:
    kind, data = read(await anext(stream(web)))
    assert (kind, data) == ("board", {"now_ms": T0, "open_count": 0})


async def test_an_alert_is_told_when_it_fires_and_when_it_is_acknowledged(web: WebApp) -> None:
    web.apply(FLEET.read_text("utf-8"))
    events = stream(web)
    await anext(events)
    web.log.at(T0 + MINUTE)
    web.log.say(("chiller-front", T0 + MINUTE, 9.0))
    web.judge()
    told = [read(await anext(events)) for _ in range(2)]
    assert [kind for kind, _ in told] == ["board", "alert"]
    alert = told[1][1]
    assert (alert["state"], alert["level"], alert["open_count"]) == ("firing", "warning", 1)
    web.log.acknowledge(str(alert["id"]))
    web.judge()
    told = [read(await anext(events)) for _ in range(2)]
    assert told[1][1]["state"] == "acknowledged"


async def test_silence_is_filled_with_signs_of_life_until_access_ends(
    web: WebApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "ALIVE_S", 0.01)
    events = stream(web)
    await anext(events)
    assert read(await anext(events))[0] == "alive"
    web.auth.tokens.forget(next(iter(web.tokens.values())))
    with pytest.raises(StopAsyncIteration):
        await anext(events)

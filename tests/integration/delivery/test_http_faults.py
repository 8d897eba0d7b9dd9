"""The HTTP sender against servers with bad manners: bounded in time and bytes, an answer or a reason."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coldchain_backend.delivery import Guard
from coldchain_backend.delivery.channels import CHANNELS
from coldchain_backend.delivery.request import Answer, Fate, NoResponse, Request, Response
from coldchain_backend.delivery.senders.http import MAX_ANSWER, HttpSender
from coldchain_runtime.clock import SystemClock
from support.acceptance import Figures
from support.certificates import certificate, days_from_now
from support.ill_http import GIGABYTE, IllHttp
from support.look_ups import LOCAL, Names
from support.tellings import telling

SOON_S = 0.6


@pytest.fixture
async def ill() -> AsyncIterator[IllHttp]:
    async with IllHttp() as server:
        yield server


@pytest.fixture
async def sender() -> AsyncIterator[HttpSender]:
    guard = Guard(LOCAL)
    sender = HttpSender(guard, timeout_s=SOON_S)
    yield sender
    await sender.close()
    guard.close()


async def post(sender: HttpSender, ill: IllHttp, path: str, host: str = "127.0.0.1") -> Answer:
    url = f"http://{host}:{ill.port}/{path}"
    return await sender.send(Request(url=url, headers={"x-a": "b"}, body=b"{}"))


@pytest.mark.acceptance("T10")
@pytest.mark.parametrize("path", ["silent", "trickle"])
async def test_an_answer_that_does_not_end_takes_no_longer_than_the_time_out(
    ill: IllHttp, sender: HttpSender, path: str, figures: Figures
) -> None:
    clock = SystemClock()
    began_ns = clock.monotonic_ns()
    answer = await post(sender, ill, path)
    took_s = (clock.monotonic_ns() - began_ns) / 1e9
    assert answer == NoResponse(reason=f"no whole answer within {SOON_S:g} s")
    assert took_s < SOON_S + 5
    figures.add(faults=1)


@pytest.mark.acceptance("T10")
async def test_of_a_gigabyte_only_the_beginning_is_read(
    ill: IllHttp, sender: HttpSender, figures: Figures
) -> None:
    answer = await post(sender, ill, "endless")
    assert isinstance(answer, Response)
    assert len(answer.body) == MAX_ANSWER
    await asyncio.sleep(0)
    assert ill.sent < GIGABYTE // 16
    figures.add(faults=1)


@pytest.mark.acceptance("T10")
@pytest.mark.parametrize("path", ["torn", "nothing", "noise", "many_headers"])
async def test_an_answer_that_is_none_is_a_reason(
    ill: IllHttp, sender: HttpSender, path: str, figures: Figures
) -> None:
    answer = await post(sender, ill, path)
    assert isinstance(answer, NoResponse)
    assert answer.reason
    assert not answer.forbidden
    figures.add(faults=1)


@pytest.mark.acceptance("T10")
async def test_a_redirect_is_not_followed_and_is_a_failure(
    ill: IllHttp, sender: HttpSender, figures: Figures
) -> None:
    answer = await post(sender, ill, "moved")
    assert ill.paths == ["/moved"]
    assert CHANNELS["webhook"].read(answer, telling("webhook")).fate is Fate.SLOW
    figures.add(faults=1)


@pytest.mark.acceptance("T10")
async def test_an_error_inside_200_is_a_failure_to_the_robot(
    ill: IllHttp, sender: HttpSender, figures: Figures
) -> None:
    answer = await post(sender, ill, "error_inside")
    outcome = CHANNELS["dingtalk"].read(answer, telling("dingtalk"))
    assert (outcome.fate, outcome.reason) == (Fate.SLOW, "HTTP 200, errcode 310000: sign not match")
    figures.add(faults=1)


async def test_one_connection_carries_many_messages(ill: IllHttp, sender: HttpSender) -> None:
    answers = [await post(sender, ill, "flip") for _ in range(6)]
    assert [one.status for one in answers if isinstance(one, Response)] == [200, 503] * 3
    assert ill.connections == 1


async def test_a_kept_connection_that_the_server_closed_meanwhile_costs_no_message(
    ill: IllHttp, sender: HttpSender
) -> None:
    assert isinstance(await post(sender, ill, "ok"), Response)
    await post(sender, ill, "nothing")
    assert isinstance(await post(sender, ill, "ok"), Response)


@pytest.mark.acceptance("T10")
async def test_a_name_that_turns_private_the_second_time_is_refused_the_second_time(
    ill: IllHttp, figures: Figures
) -> None:
    names = Names(hooks_example=[["127.0.0.1"], ["10.0.0.1"]])
    guard = Guard(("127.0.0.0/8",), look_up=names)
    sender = HttpSender(guard, timeout_s=SOON_S)
    try:
        first = await post(sender, ill, "torn", "hooks.example")
        second = await post(sender, ill, "ok", "hooks.example")
    finally:
        await sender.close()
        guard.close()
    assert isinstance(first, NoResponse)
    assert not first.forbidden
    assert isinstance(second, NoResponse)
    assert second.forbidden
    assert "10.0.0.1" in second.reason
    assert ill.paths == ["/torn"]
    assert ill.hosts == [f"hooks.example:{ill.port}"]
    figures.add(rebinding=1)


async def test_the_judged_address_is_connected_to_and_nobody_looks_up_again(ill: IllHttp) -> None:
    names = Names(hooks_example=[["127.0.0.1"], ["127.0.0.2"]])
    guard = Guard(LOCAL, look_up=names)
    sender = HttpSender(guard, timeout_s=SOON_S)
    try:
        assert isinstance(await post(sender, ill, "ok", "hooks.example"), Response)
        assert names.asked == ["hooks.example"]
        assert isinstance(await post(sender, ill, "ok", "hooks.example"), Response)
    finally:
        await sender.close()
        guard.close()
    assert (names.asked, ill.connections) == (["hooks.example"], 1)


async def test_an_address_that_cannot_be_reached_gives_way_to_the_next(ill: IllHttp) -> None:
    guard = Guard(LOCAL, look_up=Names(hooks_example=[["::1", "127.0.0.1"]]))
    sender = HttpSender(guard, timeout_s=SOON_S * 4)
    try:
        assert isinstance(await post(sender, ill, "ok", "hooks.example"), Response)
    finally:
        await sender.close()
        guard.close()


async def test_certificates_are_checked_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    files = certificate(tmp_path, begins=days_from_now(-1), ends=days_from_now(1))
    trust = ssl.create_default_context(cafile=str(files.cert))
    async with IllHttp(trust=files.server()) as server:
        for name, good in (("localhost", True), ("other.example", False)):
            names = Names(localhost=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
            guard = Guard(LOCAL, look_up=names)
            sender = HttpSender(guard, timeout_s=5, trust=trust)
            try:
                url = f"https://{name}:{server.port}/ok"
                answer = await sender.send(Request(url=url, headers={}, body=b"{}"))
            finally:
                await sender.close()
                guard.close()
            assert isinstance(answer, Response) == good, answer


@pytest.mark.acceptance("T13")
async def test_endpoints_that_hang_delay_no_others(ill: IllHttp, figures: Figures) -> None:
    guard = Guard(LOCAL)
    sender = HttpSender(guard, timeout_s=60)
    clock = SystemClock()
    hanging = [asyncio.create_task(post(sender, ill, "silent")) for _ in range(200)]
    try:
        await asyncio.wait_for(ill.reached(200), 30)
        began_ns = clock.monotonic_ns()
        answers = [await post(sender, ill, "ok") for _ in range(50)]
        took_ms = (clock.monotonic_ns() - began_ns) // 1_000_000
    finally:
        for one in hanging:
            one.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        await sender.close()
        guard.close()
    assert all(isinstance(one, Response) for one in answers)
    assert took_ms < 20_000
    figures.add(hanging=200, others=50, others_ms=took_ms)

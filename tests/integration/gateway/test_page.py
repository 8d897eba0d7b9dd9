"""The status page over real HTTP: what it shows, and that nobody talks it into anything else."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import pytest

from coldchain_gateway.local_alarm import LocalAlarmConfig
from coldchain_gateway.page import PageConfig, Shows
from coldchain_gateway.page.server import PageServer
from support.health import GOOD
from support.ports import free_port
from support.watching import FRONT, LIMIT_MS, Desk, bundle

FORM = "application/x-www-form-urlencoded"


class Page:
    """The real page over a desk whose clock the test moves."""

    def __init__(self, *, hush: bool = True) -> None:
        self.desk = Desk(LocalAlarmConfig(log=False))
        self.desk.alarm.load(bundle(FRONT))
        self.port = free_port()
        shows = Shows(board=self.desk.alarm.board, health=lambda: GOOD, hush=self.desk.alarm.hush)
        self.server = PageServer(PageConfig(port=self.port, hush=hush), shows)

    async def ask(self, request: bytes) -> tuple[int, str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            answer = (await asyncio.wait_for(reader.read(), 10)).decode()
        finally:
            writer.close()
        return (int(answer.split(" ")[1]) if answer else 0), answer

    async def get(self, path: str) -> tuple[int, str]:
        return await self.ask(f"GET {path} HTTP/1.1\r\nHost: gateway\r\n\r\n".encode())

    async def hush(self, minutes: str, headers: Mapping[str, str] | None = None) -> int:
        body = f"minutes={minutes}"
        named = {"Host": "gateway", "Content-Type": FORM, "Content-Length": str(len(body)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        return (await self.ask(f"POST /hush?lang=zh HTTP/1.1\r\n{head}\r\n{body}".encode()))[0]


@asynccontextmanager
async def served(page: Page) -> AsyncIterator[Page]:
    await page.server.listen()
    task = asyncio.create_task(page.server.run())
    try:
        async with page.desk.running():
            yield page
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_zone_state_value_and_age_in_both_languages() -> None:
    async with served(Page()) as page:
        _, before = await page.get("/")
        assert "State unknown" in before
        assert "never heard" in before
        page.desk.say(-0.04)
        await page.desk.clock.pass_time(7)
        status, english = await page.get("/")
        assert status == 200
        assert "All zones within limits" in english
        assert "<output>0.0&nbsp;°C</output><i>7 s ago</i>" in english
        assert "at most 8.0 °C" in english
        _, chinese = await page.get("/?lang=zh")
        assert "各温区均在限值内" in chinese
        assert "冷藏间" in chinese
        assert "7 秒前" in chinese
        await page.desk.clock.pass_time(20)
        _, stale = await page.get("/")
        assert "unknown: no fresh reading" in stale, "an old reading is never shown as good"


async def test_hushing_quietens_what_stands_is_sealed_and_ends() -> None:
    async with served(Page()) as page:
        assert "<form" not in (await page.get("/"))[1], "nothing stands, nothing to hush"
        page.desk.say(9.0)
        await page.desk.clock.pass_time(11)
        _, alarming = await page.get("/")
        assert "ALARM" in alarming
        assert 'value="15"' in alarming
        assert page.desk.alarm.situation().signals.buzzer
        assert await page.hush("15", {"Origin": "http://gateway"}) == 303
        await page.desk.clock.pass_time(1)
        assert not page.desk.alarm.situation().signals.buzzer
        assert page.desk.alarm.situation().signals.lamp, "hushing is no acknowledgement"
        assert page.desk.lines("hush") == []
        (line,) = [one for one in page.desk.all_lines() if one.startswith("hush ")]
        assert "minutes=15i" in line
        assert 'by="127.0.0.1"' in line
        await page.desk.clock.pass_time(15 * 60)
        assert page.desk.alarm.situation().signals.buzzer


async def test_a_new_alarm_breaks_the_hush() -> None:
    async with served(Page()) as page:
        page.desk.say(9.0)
        await page.desk.clock.pass_time(11)
        assert await page.hush("30") == 303
        await page.desk.clock.pass_time(LIMIT_MS / 1000 + 2)
        assert page.desk.alarm.situation().signals.buzzer, "the sensor fell silent: that is new"


@pytest.mark.parametrize(
    ("minutes", "headers", "status"),
    [
        ("15", {"Origin": "http://elsewhere"}, 403),
        ("15", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("600", {}, 400),
        ("-5", {}, 400),
        ("15", {"Content-Length": "abc"}, 400),
        ("15", {"Content-Length": "99999"}, 413),
        ("15", {"Transfer-Encoding": "chunked"}, 400),
    ],
)
async def test_who_may_not_hush(minutes: str, headers: dict[str, str], status: int) -> None:
    async with served(Page()) as page:
        page.desk.say(9.0)
        await page.desk.clock.pass_time(11)
        assert await page.hush(minutes, headers) == status
        await page.desk.clock.pass_time(1)
        assert page.desk.alarm.situation().signals.buzzer


async def test_a_page_that_only_looks_hushes_nothing() -> None:
    async with served(Page(hush=False)) as page:
        page.desk.say(9.0)
        await page.desk.clock.pass_time(11)
        assert "<form" not in (await page.get("/"))[1]
        assert await page.hush("15") == 403


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /../etc/passwd HTTP/1.1\r\n\r\n", 404),
        (b"DELETE / HTTP/1.1\r\n\r\n", 405),
        (b"GET /hush HTTP/1.1\r\n\r\n", 405),
        (b"nonsense\r\n\r\n", 400),
        (b"GET http://elsewhere/ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n bad: header\r\n\r\n", 400),
        (b"GET /?" + b"a=1&" * 50 + b" HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ],
)
async def test_what_is_no_request_of_this_page_gets_its_status(request_bytes: bytes, status: int) -> None:
    async with served(Page()) as page:
        assert (await page.ask(request_bytes))[0] == status
        assert (await page.get("/"))[0] == 200


async def test_names_from_outside_are_text_and_nothing_else() -> None:
    async with served(Page()) as page:
        page.desk.say(4.0, "<script>alert(1)</script>")
        _, html = await page.get("/")
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        assert "default-src 'none'" in html


async def test_a_connection_that_says_nothing_is_dropped_and_the_others_are_bounded() -> None:
    async with served(Page()) as page:
        idle = [await asyncio.open_connection("127.0.0.1", page.port) for _ in range(20)]
        assert (await page.get("/"))[0] == 503
        for reader, writer in idle:
            assert len(await asyncio.wait_for(reader.read(), 20)) >= 0
            writer.close()
        assert (await page.get("/"))[0] == 200


async def test_metrics_and_status_are_there_for_machines() -> None:
    async with served(Page()) as page:
        status, metrics = await page.get("/metrics")
        assert status == 200
        assert 'coldchain_gateway_refused_total{source="line",reason="sentinel"} 3\n' in metrics
        _, document = await page.get("/status.json")
        assert json.loads(document.split("\r\n\r\n", 1)[1])["gateway"] == "gw-1"

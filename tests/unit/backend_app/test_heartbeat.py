"""The heartbeat goes out while all is well, and its own failure is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from coldchain.errors import Unavailable
from coldchain_backend.app.heartbeat import Heartbeat, Ports
from coldchain_backend.config import HeartbeatSection
from coldchain_backend.delivery.request import NoResponse, Request, Response
from coldchain_backend.ledger import Json, MarkName
from coldchain_backend.web.vitals import Part
from support.still_clock import StillClock

NOW = 1_795_376_523_000


class World:
    """A service outside, the parts of a server, and what was marked in its log."""

    def __init__(self, folder: Path, url: str = "https://beat.example/ping") -> None:
        self.answer: Response | NoResponse = Response(status=200)
        self.asked: list[Request] = []
        self.marks: list[tuple[MarkName, dict[str, Json]]] = []
        self.ill, self.closed = "", False
        ports = Ports(sender=self, vitals=self.vitals, clock=StillClock(NOW), mark=self.mark)
        self.heart = Heartbeat(HeartbeatSection(url=url), folder, ports)

    async def send(self, request: Request) -> Response | NoResponse:
        self.asked.append(request)
        return self.answer

    def vitals(self) -> list[Part]:
        return [
            Part(name=name, ok=name != self.ill, why=f"{name} is ill") for name in ("evidence", "courier")
        ]

    async def mark(self, name: MarkName, details: dict[str, Json]) -> None:
        if self.closed:
            raise Unavailable("the ledger is closed")
        self.marks.append((name, details))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_it_is_sent_while_all_is_well(world: World) -> None:
    assert await world.heart.turn()
    assert [one.url for one in world.asked] == ["https://beat.example/ping"]


@pytest.mark.parametrize("part", ["evidence", "courier"])
async def test_it_stops_with_any_part_and_comes_back(world: World, part: str) -> None:
    world.ill = part
    assert not await world.heart.turn()
    assert world.asked == []
    world.ill = ""
    assert await world.heart.turn()
    assert [name for name, _ in world.marks] == [MarkName.HEARTBEAT_RECOVERED]


@pytest.mark.parametrize(
    "answer", [Response(status=500), Response(status=302), NoResponse(reason="no route")]
)
async def test_the_third_failure_in_a_row_is_told_once_and_so_is_its_end(
    world: World, answer: Response | NoResponse
) -> None:
    world.answer = answer
    for told in (0, 0, 1, 1):
        assert not await world.heart.turn()
        assert len(world.marks) == told
    assert world.marks[0][0] is MarkName.HEARTBEAT_FAILING
    assert world.marks[0][1]["reason"] in {"HTTP 500", "HTTP 302", "no route"}
    world.answer = Response(status=204)
    for _ in range(3):
        await world.heart.turn()
    assert [name for name, _ in world.marks] == [MarkName.HEARTBEAT_FAILING, MarkName.HEARTBEAT_RECOVERED]


async def test_one_success_between_begins_the_count_anew(world: World) -> None:
    for status in (500, 500, 200, 500, 500):
        world.answer = Response(status=status)
        await world.heart.turn()
    assert [name for name, _ in world.marks] == [MarkName.HEARTBEAT_RECOVERED]


async def test_what_cannot_be_told_now_is_told_later(world: World) -> None:
    world.answer, world.closed = Response(status=500), True
    for _ in range(4):
        await world.heart.turn()
    world.closed = False
    await world.heart.turn()
    assert [name for name, _ in world.marks] == [MarkName.HEARTBEAT_FAILING]


async def test_a_secret_address_is_read_each_time_and_a_missing_one_is_a_failure(tmp_path: Path) -> None:
    world = World(tmp_path, "file:beat-url")
    assert not await world.heart.turn()
    (tmp_path / "beat-url").write_text("https://beat.example/secret\n")
    (tmp_path / "beat-url").chmod(0o600)
    assert await world.heart.turn()
    assert world.asked[-1].url == "https://beat.example/secret"

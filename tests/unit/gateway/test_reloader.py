"""A changed file applied to running recordings: only what differs moves; what cannot start is put back."""

import fcntl
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from coldchain.errors import Refused
from coldchain_gateway.app.ground import Ground
from coldchain_gateway.app.reload import Reloader, ReloadFate, ReloadResult
from coldchain_gateway.app.run import LOCK_FILE
from coldchain_gateway.app.wires import Wires, wanted
from coldchain_gateway.cli import main
from coldchain_gateway.cli.reload import done_number, running_pid
from coldchain_gateway.clock_trust import ClockTrust
from coldchain_gateway.config import Settings, load
from coldchain_gateway.identity import Identity
from coldchain_runtime.supervisor import Supervisor
from support.gateway_life import Life
from support.looking_intake import LookingIntake
from support.still_clock import StillClock

HEAD = '[gateway]\nname = "{name}"\norganisation = "demo"\ndata_dir = "data"\n'
UPLINK = '[uplink]\nurl = "http://127.0.0.1:{port}"\n'
REPLAY = '[[source]]\nkind = "replay"\nname = "{name}"\nfile = "none.jsonl"\nspeed = {speed}\n'


class Table:
    """Implements `reload.Section`: remembers by which port it went on, and refuses some."""

    def __init__(self, *refused: str) -> None:
        self.went_on: list[str] = []
        self._refused = refused

    async def apply(self, settings: Settings) -> None:
        url = settings.config.uplink.url if settings.config.uplink is not None else ""
        self.went_on.append(url)
        if url in self._refused:
            raise Refused(f"{url} cannot start")


class Site:
    """A folder with a configuration, and the part of the program that runs by it."""

    def __init__(self, folder: Path, loops: Supervisor, table: Table) -> None:
        self.folder = folder
        (folder / "none.jsonl").touch()
        self.write()
        clock = StillClock()
        life = self._life = Life.open(folder)
        self.ground = Ground(
            settings=load(folder / "gateway.toml"),
            clock=clock,
            identity=Identity(key=life.key, organisation="demo", head_file=life.head_file),
            outbox=life.outbox,
            trust=ClockTrust(clock, lambda: False),
        )
        self.wires = Wires(clock, LookingIntake(), loops)
        for name, want in wanted(self.ground.settings).items():
            self.wires.start(name, want, self.wires.make(want))
        self.reloader = Reloader(self.ground, self.wires, {"uplink": table})

    def write(
        self, *sources: str, speed: str = "1.0", port: int = 9, name: str = "gw", more: str = ""
    ) -> None:
        replays = "".join(REPLAY.format(name=one, speed=speed) for one in sources or ("a", "b"))
        text = HEAD.format(name=name) + UPLINK.format(port=port) + replays + more
        (self.folder / "gateway.toml").write_text(text)

    async def reload(self) -> ReloadResult:
        await self.reloader.reload()
        assert self.reloader.result is not None
        return self.reloader.result

    def close(self) -> None:
        self._life.outbox.close()


@asynccontextmanager
async def running(folder: Path, table: Table) -> AsyncIterator[Site]:
    async with Supervisor(StillClock()) as loops:
        site = Site(folder, loops, table)
        try:
            yield site
        finally:
            site.close()


async def test_an_identical_file_touches_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, table := Table()) as site:
        before = site.wires.wants()
        site.write(more="# a remark\n")
        result = await site.reload()
        assert (result.fate, result.changes, result.number) == (ReloadFate.UNCHANGED, (), 1)
        assert site.wires.wants() == before
        assert table.went_on == []
        assert (await site.reload()).number == 2


async def test_what_was_removed_ends_and_what_was_added_runs(tmp_path: Path) -> None:
    async with running(tmp_path, table := Table()) as site:
        site.write("b", "c", port=8)
        result = await site.reload()
        assert result.fate is ReloadFate.APPLIED
        assert result.changes == ("source a removed", "source c added", "[uplink] changed")
        assert set(site.wires.names) == {"b", "c"}
        assert table.went_on == ["http://127.0.0.1:8"]
        assert (await site.reload()).fate is ReloadFate.UNCHANGED, "the new file is the one in force"


async def test_what_a_table_refuses_puts_everything_back(tmp_path: Path) -> None:
    async with running(tmp_path, table := Table("http://127.0.0.1:8")) as site:
        before, settings = site.wires.wants(), site.ground.settings
        site.write("a", "c", speed="2.0", port=8)
        result = await site.reload()
        assert (result.fate, result.message) == (ReloadFate.ROLLED_BACK, "http://127.0.0.1:8 cannot start")
        assert site.wires.wants() == before
        assert site.ground.settings is settings
        assert table.went_on == ["http://127.0.0.1:8", "http://127.0.0.1:9"], "by the old file again"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[gateway", "gateway.toml"),
        (HEAD.format(name="other") + UPLINK.format(port=9), "gateway.name changed: that needs a restart"),
        (HEAD.format(name="gw") + '[[source]]\nkind = "reply"\n', "reply"),
    ],
)
async def test_a_file_that_cannot_be_applied_as_it_runs_is_refused_whole(
    tmp_path: Path, text: str, why: str
) -> None:
    async with running(tmp_path, table := Table()) as site:
        before = site.wires.wants()
        (tmp_path / "gateway.toml").write_text(text)
        result = await site.reload()
        assert result.fate is ReloadFate.REFUSED
        assert why in result.message
        assert site.wires.wants() == before
        assert table.went_on == []


def test_who_holds_the_data_folder_is_the_one_that_is_asked(tmp_path: Path) -> None:
    assert running_pid(tmp_path) is None
    lock = tmp_path / LOCK_FILE
    lock.write_text("4242\n")
    assert running_pid(tmp_path) is None, "nobody holds it: the number is left over"
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert running_pid(tmp_path) == 4242
        lock.write_text("who?")
        assert running_pid(tmp_path) is None


@pytest.mark.parametrize(
    ("said", "number"),
    [({"reload": {"number": 3}}, 3), ({"reload": None}, 0), ([], 0), ({"reload": {"number": "3"}}, 0)],
)
def test_a_status_that_tells_no_number_counts_as_none(tmp_path: Path, said: object, number: int) -> None:
    status = tmp_path / "status.json"
    assert done_number(status) == 0
    status.write_text(json.dumps(said))
    assert done_number(status) == number
    status.write_text("{")
    assert done_number(status) == 0


def test_reload_without_a_running_gateway_is_for_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(HEAD.format(name="gw"))
    assert main(["--config", str(file), "reload"]) == 5
    assert "no gateway runs on this data folder" in capsys.readouterr().err

"""One checkpoint a day is kept, sent to every receiver and copied elsewhere, also after that was away."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from coldchain_backend.evidence import DailyCheckpoints, Outside, statement_of
from coldchain_backend.ingest import RunHead
from coldchain_backend.ledger import FileLedger, open_ledger, read_statement
from support.ledgers import BACKEND, ModestDisk, batch_records, sealed
from support.still_clock import StillClock

DAY_MS = 86_400_000


class House:
    """A ledger with what leaves it."""

    def __init__(self, folder: Path, ledger: FileLedger, clock: StillClock) -> None:
        self.sent: list[tuple[str, str, str, bytes]] = []
        self.kept, self.copies, self.clock = folder / "kept", folder / "copies", clock
        outside = Outside(
            kept=self.kept,
            copies=self.copies,
            receivers=lambda: ("quality", "partner"),
            send=lambda name, about, receiver, at, body: self.sent.append((name, about, receiver, body)),
        )
        head = RunHead(gateway="gw", key="0" * 32, run="r1", seq=3, held=3, hash=sealed(3)[-1].hash)
        self.daily = DailyCheckpoints(
            lambda: [head], lambda heads: statement_of(ledger, BACKEND, heads), outside, clock
        )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = StillClock()
    with open_ledger(tmp_path / "ledger", "demo", clock, disk=ModestDisk()) as ledger:
        asyncio.run(_fill(ledger))
        yield House(tmp_path, ledger, clock)


async def _fill(ledger: FileLedger) -> None:
    await ledger.append(batch_records(sealed(3)))


async def test_one_a_day(house: House) -> None:
    assert await house.daily.turn()
    assert not await house.daily.turn()
    house.clock.advance(DAY_MS)
    assert await house.daily.turn()
    assert len(list(house.kept.iterdir())) == len(list(house.copies.iterdir())) == 2
    assert [receiver for _, _, receiver, _ in house.sent] == ["quality", "partner"] * 2
    assert len({name for name, *_ in house.sent}) == 4


async def test_what_is_sent_is_what_is_kept_and_is_signed(house: House) -> None:
    await house.daily.turn()
    (kept,) = house.kept.iterdir()
    statement = read_statement(kept.read_bytes(), "kept")
    assert statement.signed_by(BACKEND.public)
    assert (statement.log.offset, statement.heads[0].seq) == (3, 3)
    _, about, _, body = house.sent[0]
    assert about == f"checkpoint-{kept.stem}"
    assert orjson.loads(body)["type"] == "ledger.checkpoint"
    assert read_statement(body, "body") == statement


async def test_a_folder_that_was_away_gets_what_it_missed(house: House) -> None:
    house.copies.write_text("not a folder")
    await house.daily.turn()
    house.clock.advance(DAY_MS)
    await house.daily.turn()
    house.copies.unlink()
    await house.daily.turn()
    assert sorted(path.name for path in house.copies.iterdir()) == sorted(
        path.name for path in house.kept.iterdir()
    )

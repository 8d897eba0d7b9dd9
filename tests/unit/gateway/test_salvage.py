"""What a broken outbox still holds is not lost: batches go out under their numbers, lines are sealed anew."""

import random
from pathlib import Path

import pytest

from coldchain.seal import Batch
from coldchain_gateway.outbox import (
    OUTBOX_FILE,
    Entry,
    Group,
    Remains,
    Salvaged,
    open_outbox,
    put_aside_files,
)
from coldchain_gateway.outbox.quarantine import BUILDING_FILE, MOST_ASIDE
from support.acceptance import Figures
from support.gateway_life import Life, reading_lines
from support.soak import rounds

PAGE = 4096
BATCHES = 12
SHAPES = ("truncated", "zeroed", "garbage")


def busy(folder: Path) -> Life:
    """Batches that wait, lines that are not sealed, a message that may come again."""
    chance = random.Random(5)
    life = Life.open(folder)
    for number in range(BATCHES):
        first = number * 1000 + 1
        life.keep(*range(first, first + 50))
        noise = [
            Entry(line=b'log text="%b"' % chance.randbytes(200).hex().encode(), boot_ms=first)
            for _ in range(50)
        ]
        life.outbox.commit(Group(boot=life.boot, boot_ms=first, trusted=True, entries=noise))
        life.seal(first + 500)
    life.keep(*range(100_000, 100_300))
    told = {"s": {7: b"12345678"}}
    life.outbox.commit(Group(boot=life.boot, boot_ms=1, trusted=True, messages=told))
    return life


def numbers(batches: list[Batch]) -> set[int]:
    """What every reading of the batches said."""
    lines = [line for batch in batches for line in reading_lines(batch)]
    return {int(line.split(b"t=")[1].split(b"i")[0]) for line in lines}


def declared(batches: list[Batch], run: str) -> set[int]:
    """Numbers of a run that its successor declares."""
    found: set[int] = set()
    for batch in batches:
        for line in batch.body.split(b"\n"):
            if line.startswith(b"hole,run=%b " % run.encode()):
                first, last = (int(line.split(b"%b=" % key)[1].split(b"i")[0]) for key in (b"first", b"last"))
                assert b'reason="quarantined"' in line
                found.update(range(first, last + 1))
    return found


def wounded(path: Path, shape: str, chance: random.Random) -> float:
    """Damage a file; the share of it that is still there."""
    data = bytearray(path.read_bytes())
    whole = len(data)
    pages = len(data) // PAGE
    at = chance.randrange(pages) * PAGE
    size = chance.randint(1, 4) * PAGE
    if shape == "truncated":
        del data[at + chance.randrange(PAGE) :]
    else:
        wound = bytes(size) if shape == "zeroed" else chance.randbytes(size)
        data[at : at + size] = wound[: len(data) - at]
    path.write_bytes(data)
    return len(data) / whole


@pytest.mark.soak
@pytest.mark.acceptance("A2")
@pytest.mark.parametrize("shape", SHAPES)
def test_a_broken_file_costs_only_what_is_broken_and_that_is_declared(
    tmp_path: Path, shape: str, figures: Figures
) -> None:
    chance = random.Random(shape)
    saved = 0
    for number in range(rounds(4, 300)):
        folder = tmp_path / str(number)
        folder.mkdir()
        life = busy(folder)
        head = life.head_file.head
        assert head is not None
        before = numbers(life.batches())
        life.outbox.close()
        left = wounded(folder / OUTBOX_FILE, shape, chance)
        life = Life.open(folder)
        life.keep(900_000)
        while life.outbox.undeclared() or life.outbox.pending().lines:
            life.seal(900_001)
        batches = life.batches()
        kept = {batch.seq for batch in batches if batch.run == head.run}
        if put_aside_files(folder):
            assert kept | declared(batches, head.run) >= set(range(1, head.seq + 1))
            assert kept.isdisjoint(declared(batches, head.run))
        readings = [
            line for batch in batches for line in batch.body.split(b"\n") if line.startswith(b"reading,")
        ]
        assert len(readings) == len(numbers(batches)), "doubled"
        again = len(numbers(batches) & before)
        if shape == "truncated" and left > 0.5:  # pages that lead to a batch's bytes may lie behind them
            assert again >= (left - 0.3) * len(before)
        saved += again
        life.outbox.close()
        figures.add(rounds=1, quarantined=len(put_aside_files(folder)))
    figures.add(readings=len(before) * rounds(4, 300), salvaged=saved)
    assert saved > (0 if shape == "truncated" else len(before))


def test_one_broken_page_costs_one_batch_at_most(tmp_path: Path) -> None:
    life = busy(tmp_path)
    before = numbers(life.batches())
    life.outbox.close()
    path = tmp_path / OUTBOX_FILE
    data = path.read_bytes()
    at = data.index(b"\x1f\x8b\x08", 8 * PAGE)  # a batch's bytes
    path.write_bytes(data[:at] + bytes(32) + data[at + 32 :])
    life = Life.open(tmp_path)
    life.outbox.close()
    with Remains(path) as remains:
        whole = [batch for batch in remains.batches() if batch.encoded is not None]
    assert len(whole) >= BATCHES - 1
    assert before


def test_a_redelivery_after_a_quarantine_is_still_known(tmp_path: Path) -> None:
    busy(tmp_path).outbox.close()
    path = tmp_path / OUTBOX_FILE
    with path.open("r+b") as file:
        file.seek(-PAGE, 2)
        file.write(b"\xa5" * PAGE)
    life = Life.open(tmp_path)
    if put_aside_files(tmp_path):
        assert life.outbox.remembered("s", 7) in (b"12345678", None)
    life.outbox.close()


def test_power_that_fails_between_putting_aside_and_the_new_file_costs_nothing(tmp_path: Path) -> None:
    life = busy(tmp_path)
    before = numbers(life.batches())
    life.outbox.close()
    folder = tmp_path / "quarantine"
    folder.mkdir()
    (tmp_path / OUTBOX_FILE).rename(folder / "outbox-1.sqlite")
    (tmp_path / BUILDING_FILE).write_bytes(b"half of a file")
    life = Life.open(tmp_path)
    assert not (tmp_path / BUILDING_FILE).exists()
    assert numbers(life.batches()) == before
    assert life.outbox.pending().lines == 300
    assert life.outbox.remembered("s", 7) == b"12345678"
    life.outbox.close()


def test_no_more_than_a_few_broken_files_are_kept(tmp_path: Path) -> None:
    for _ in range(MOST_ASIDE + 2):
        (tmp_path / OUTBOX_FILE).write_bytes(b"no outbox" * 999)
        Life.open(tmp_path).outbox.close()
    names = [path.name for path in put_aside_files(tmp_path)]
    assert names == [f"outbox-{number}.sqlite" for number in range(3, MOST_ASIDE + 3)]


def test_lines_whose_boot_is_lost_are_not_saved_and_are_counted(tmp_path: Path) -> None:
    life = busy(tmp_path)
    with life.outbox.database.write() as transaction:
        transaction._connection.execute("UPDATE chunk SET boot = 99")
    life.outbox.close()
    opened = open_outbox(tmp_path, "condemned")
    assert opened.salvaged == Salvaged(batches=BATCHES, lines=0, unreadable=1)
    assert opened.outbox.pending().lines == 0
    opened.outbox.close()

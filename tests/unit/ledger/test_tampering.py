"""Whatever is done to a ledger is found and named, and an untouched one is never suspected.

`careless` changes leave the chain as it was; `careful` ones come from somebody who computes the chain anew,
but has neither a gateway's key nor the backend's.
"""

import asyncio
import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from coldchain.seal import Key, encode_public
from coldchain_backend.ledger import (
    Answer,
    MarkName,
    Report,
    Verifier,
    act_record,
    mark_record,
    open_ledger,
)
from coldchain_backend.ledger.chain import genesis, link
from support.ledgers import BACKEND, GATEWAY, ModestDisk, batch_records, sealed, segments
from support.soak import rounds
from support.still_clock import StillClock

OTHER = Key.from_seed(b"o" * 32)
HEADER = re.compile(rb"ccl1 (\d+) (\w+) (\d+) (\d+) ([0-9a-f]{64})\n")


def write(folder: Path) -> None:
    """Two gateways, acts and marks, over several segments, with a signed checkpoint at the end."""
    records = [
        mark_record(MarkName.START, {"key": encode_public(BACKEND.public)}),
        act_record("enrol", "admin", {"gateway": "gw", "key": encode_public(GATEWAY.public)}),
        act_record("enrol", "admin", {"gateway": "other", "key": encode_public(OTHER.public)}),
    ]
    mine, others = batch_records(sealed(12)), batch_records(sealed(12, key=OTHER), gateway="other")
    for one, other in zip(mine, others, strict=True):
        records += [one, other, mark_record(MarkName.ALIVE)]
    clock = StillClock()
    with open_ledger(folder, "demo", clock, disk=ModestDisk(), segment_bytes=4_000) as ledger:

        async def fill() -> None:
            for record in records:
                await ledger.append([record])
                clock.advance(1000)

        asyncio.run(fill())
        ledger.checkpoint(BACKEND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A record as bytes: header without its hash, payload."""

    number: int
    kind: bytes
    stamp: bytes
    payload: bytes
    raw: bytes


def cut(path: Path) -> tuple[bytes, list[Cut]]:
    """First line and records of a segment."""
    first, _, rest = path.read_bytes().partition(b"\n")
    records = []
    while match := HEADER.match(rest):
        end = match.end() + int(match[4]) + 1
        payload = rest[match.end() : end - 1]
        records.append(
            Cut(number=int(match[1]), kind=match[2], stamp=match[3], payload=payload, raw=rest[:end])
        )
        rest = rest[end:]
    return first + b"\n", records


def chained(records: list[Cut]) -> bytes:
    """One segment that holds these records, numbers and chain computed anew."""
    previous, number = genesis("demo"), 1
    parts = [b"ccl1-segment organisation=demo first=1 previous=%b\n" % previous.hex().encode()]
    for record in records:
        header = b"ccl1 %d %b %b %d\n" % (number, record.kind, record.stamp, len(record.payload))
        previous = link(previous, header, record.payload)
        parts.append(b"%b %b\n%b\n" % (header[:-1], previous.hex().encode(), record.payload))
        number += 1
    return b"".join(parts)


Change = Callable[[random.Random, list[Cut]], tuple[list[Cut], int]]
"""Gives the changed records of a segment and the number of the first record that was touched."""


def raw(record: Cut, content: bytes) -> Cut:
    return Cut(
        number=record.number, kind=record.kind, stamp=record.stamp, payload=record.payload, raw=content
    )


def edit(dice: random.Random, records: list[Cut]) -> tuple[list[Cut], int]:
    place = dice.randrange(len(records))
    content = bytearray(records[place].raw)
    content[dice.randrange(len(content))] ^= dice.randrange(1, 256)
    return [*records[:place], raw(records[place], bytes(content)), *records[place + 1 :]], records[
        place
    ].number


def delete(dice: random.Random, records: list[Cut]) -> tuple[list[Cut], int]:
    place = dice.randrange(len(records))
    return records[:place] + records[place + 1 :], records[place].number


def insert(dice: random.Random, records: list[Cut]) -> tuple[list[Cut], int]:
    place = dice.randrange(len(records))
    return [*records[:place], dice.choice(records), *records[place:]], records[place].number


def swap(dice: random.Random, records: list[Cut]) -> tuple[list[Cut], int]:
    one, other = sorted(dice.sample(range(len(records)), 2))
    changed = list(records)
    changed[one], changed[other] = changed[other], changed[one]
    return changed, records[one].number


def truncate(dice: random.Random, records: list[Cut]) -> tuple[list[Cut], int]:
    place = dice.randrange(len(records))
    torn = records[place].raw[: dice.randrange(len(records[place].raw))]
    return [*records[:place], raw(records[place], torn)], records[place].number


CARELESS: dict[str, Change] = {
    "edit": edit, "delete": delete, "insert": insert, "swap": swap, "truncate": truncate,
}  # fmt: skip


def forge(dice: random.Random, records: list[Cut]) -> list[Cut]:
    """Another temperature in some batch."""
    batches = [place for place, record in enumerate(records) if record.kind == b"batch"]
    place = dice.choice(batches)
    forged = replace(
        records[place], payload=records[place].payload.replace(b"temperature=1.5", b"temperature=4.5")
    )
    return [*records[:place], forged, *records[place + 1 :]]


def verified(folder: Path) -> Report:
    return Verifier(folder).run(lambda _: None)


def named(report: Report) -> set[int]:
    return {int(number) for fault in report.faults for number in re.findall(r"record (\d+)", fault)}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tampered") / "ledger"
    write(folder)
    assert len(segments(folder)) > 3
    return folder


@pytest.mark.soak
@pytest.mark.parametrize("name", CARELESS)
def test_every_careless_change_is_found_and_its_record_named(written: Path, name: str) -> None:
    dice = random.Random(f"careless {name}")
    for _ in range(rounds(12, 200)):
        path = dice.choice(segments(written))
        kept = path.read_bytes()
        first, records = cut(path)
        if len(records) < 2:
            continue
        changed, touched = CARELESS[name](dice, records)
        content = first + b"".join(record.raw for record in changed)
        if content == kept:
            continue
        path.write_bytes(content)
        report = verified(written)
        path.write_bytes(kept)
        assert report.answer is Answer.BROKEN, (name, path.name, touched)
        assert named(report) & {touched, touched + 1}, (name, path.name, touched, report.faults)
    assert verified(written).answer is Answer.INTACT


@pytest.mark.soak
@pytest.mark.parametrize("name", ["edit", "delete", "insert", "swap", "truncate"])
def test_who_computes_the_chain_anew_is_found_by_seals_and_checkpoint(
    written: Path, tmp_path: Path, name: str
) -> None:
    dice = random.Random(f"careful {name}")
    whole = [record for path in segments(written) for record in cut(path)[1]]
    folder = tmp_path / "ledger"
    folder.mkdir()
    shutil.copy(written / "checkpoints", folder)
    for _ in range(rounds(12, 200)):
        records = [record for record in whole if record.raw]
        if name == "edit":
            changed = forge(dice, records)
        elif name == "truncate":
            changed = records[: dice.randrange(1, len(records))]
        else:
            changed, _ = CARELESS[name](dice, records)
        (folder / "00000001.seg").write_bytes(chained(changed))
        report = verified(folder)
        assert report.answer is Answer.BROKEN, name
        assert named(report), report.faults
    (folder / "00000001.seg").write_bytes(chained(whole))
    assert verified(folder).answer is Answer.INTACT


@pytest.mark.soak
def test_an_untouched_ledger_is_never_suspected(written: Path) -> None:
    for _ in range(rounds(3, 100)):
        assert verified(written).faults == []

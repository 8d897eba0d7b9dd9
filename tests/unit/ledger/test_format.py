"""docs/ledger.md is enough to read a ledger: this reader was made from it, with nothing of the product."""

import hashlib
import json
from pathlib import Path

from support.ledgers import GATEWAY, segments, write_ledger

Records = list[tuple[int, str, int, bytes]]


def read_as_documented(folder: Path, organisation: str) -> tuple[Records, str]:
    """Every record of a ledger, checked, and the head."""
    previous = hashlib.sha256(f"ccl1 organisation={organisation}\n".encode()).digest()
    records: Records = []
    stamp = 0
    for number, path in enumerate(sorted(folder.glob("*.seg")), start=1):
        assert path.name == f"{number:08d}.seg"
        data = path.read_bytes()
        line, _, data = data.partition(b"\n")
        first = f"ccl1-segment organisation={organisation} first={len(records) + 1} previous={previous.hex()}"
        assert line.decode() == first
        while data:
            line, _, data = data.partition(b"\n")
            magic, offset, kind, received, length, stated = line.decode().split(" ")
            payload, end, data = (
                data[: int(length)],
                data[int(length) : int(length) + 1],
                data[int(length) + 1 :],
            )
            hashed = previous + f"{magic} {offset} {kind} {received} {length}\n".encode() + payload
            previous = hashlib.sha256(hashed).digest()
            assert (magic, int(offset), previous.hex(), end) == ("ccl1", len(records) + 1, stated, b"\n")
            assert int(received) >= stamp
            stamp = int(received)
            records.append((int(offset), kind, stamp, payload))
    return records, previous.hex()


def test_a_reader_made_from_the_page_reads_every_record(tmp_path: Path) -> None:
    write_ledger(tmp_path / "ledger")
    records, _ = read_as_documented(tmp_path / "ledger", "demo")
    assert len(segments(tmp_path / "ledger")) > 1
    assert [kind for _, kind, _, _ in records] == ["mark", "act", *["batch"] * 6, "mark"]
    for seq, (_, kind, _, payload) in enumerate(records[2:-1], start=1):
        assert kind == "batch"
        meta, _, batch = payload.partition(b"\n")
        assert json.loads(meta) == {"gateway": "gw", "run": "r1", "seq": seq, "grade": "sealed"}
        assert batch.startswith(f"# cc1 org=demo gateway={GATEWAY.fingerprint} run=r1 seq={seq} ".encode())


def test_the_page_lists_every_kind_and_mark() -> None:
    from coldchain_backend.ledger import ActName, Kind, MarkName

    page = (Path(__file__).parents[3] / "docs" / "ledger.md").read_text(encoding="utf-8")
    for word in [*Kind, *MarkName, *ActName]:
        assert f"`{word.value}`" in page

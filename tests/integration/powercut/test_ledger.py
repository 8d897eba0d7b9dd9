"""Power cuts of the ledger alone, with segments so small that many begin, and checkpoints between."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from pathlib import Path

import pytest

from coldchain.errors import ColdchainError
from coldchain_backend.ledger import Kind, open_ledger
from coldchain_runtime.clock import SystemClock
from support.powercut import disk
from support.powercut.operations import Sent
from support.powercut.record import Recorder
from support.powercut.replay import Cut, Recording

CUTS = int(os.environ.get("COLDCHAIN_CUTS", "200"))
SEGMENT_BYTES = 6_000
PROGRAM = textwrap.dedent(
    """
    import asyncio, random, socket, sys
    from pathlib import Path
    from coldchain.seal import Key
    from coldchain_backend.ledger import Kind, NewRecord, open_ledger
    from coldchain_runtime.clock import SystemClock
    server = socket.create_server(("127.0.0.1", 0))
    said = socket.create_connection(server.getsockname())
    heard, _ = server.accept()
    rng = random.Random(1)
    async def writer(ledger, name):
        for number in range(8):
            await asyncio.sleep(rng.random() * 0.1)
            payload = b"%d " % (name * 10 + number) + b"x" * rng.randint(1, 1500)
            await ledger.append([NewRecord(kind=Kind.ACT, payload=payload)])
            said.sendall(b"%d\\n" % (name * 10 + number))
    async def signer(ledger):
        for _ in range(10):
            await asyncio.sleep(0.05)
            await asyncio.to_thread(ledger.checkpoint, Key.from_seed(b"1" * 32))
    async def main():
        folder = Path(sys.argv[1]) / "ledger" / "demo"
        with open_ledger(folder, "demo", SystemClock(), segment_bytes=int(sys.argv[2])) as ledger:
            await asyncio.gather(signer(ledger), *(writer(ledger, name) for name in range(20)))
    asyncio.run(main())
    print("done", flush=True)
    heard.recv(100_000)
    heard.recv(1)
    """
)


@pytest.fixture(scope="module")
def recording(workshop: Path) -> Recording:
    base = workshop
    (base / "data").mkdir()
    (base / "out").mkdir()
    program = [sys.executable, "-c", PROGRAM, str(base / "data"), str(SEGMENT_BYTES)]
    with Recorder(program, base / "data", base / "out") as recorder:
        while "done" not in recorder.output:
            assert "Error" not in recorder.output, recorder.output
            time.sleep(0.02)
    found = recorder.recording()
    assert found.differences(base / "data") == []
    return found


def faults(cut: Cut, folder: Path) -> list[str]:
    """What is wrong once the real ledger has opened what this cut left."""
    disk.write(folder, cut.held)
    promised = {int(one) for said in cut.said if isinstance(said, Sent) for one in said.data.split()}
    held: list[int] = []
    try:
        with open_ledger(
            folder / "ledger" / "demo", "demo", SystemClock(), segment_bytes=SEGMENT_BYTES
        ) as ledger:
            while found := ledger.read(len(held), 1_000):
                held += [
                    int(one.payload.split()[0]) if one.kind == Kind.ACT else -one.offset for one in found
                ]
    except ColdchainError as error:
        return [repr(error)]
    lost = [f"lost {sorted(promised - set(held))[:3]}"] if promised - set(held) else []
    return lost + (["doubled"] if len(held) != len(set(held)) else [])


def test_no_cut_loses_or_doubles_a_record_that_was_told_durable(recording: Recording, states: Path) -> None:
    found = {
        cut.number: wrong
        for cut in recording.cuts(CUTS, seed=5)
        if (wrong := faults(cut, states / str(cut.number)))
    }
    assert found == {}
    assert sum(name.endswith(".seg") for name in recording.cached()) > 5


def test_with_its_syncs_taken_out_records_are_lost(recording: Recording, states: Path) -> None:
    cuts = recording.cuts(20, seed=5, syncs=False)
    assert any(faults(cut, states / str(cut.number)) for cut in cuts)

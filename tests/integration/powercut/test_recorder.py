"""The recorder understands real programs: its replay gives the files they left, and finds missing syncs."""

from __future__ import annotations

import sqlite3
import sys
import textwrap
import time
from pathlib import Path

import pytest

from support.powercut import disk
from support.powercut.operations import Sent
from support.powercut.record import Recorder
from support.powercut.replay import Cut, Recording

PROGRAM = textwrap.dedent(
    """
    import os, socket, sqlite3, sys, threading
    folder, durable = sys.argv[1], sys.argv[2] == "durable"
    server = socket.create_server(("127.0.0.1", 0))
    said = socket.create_connection(server.getsockname())
    heard, _ = server.accept()
    database = sqlite3.connect(folder + "/kept.sqlite")
    database.execute("pragma journal_mode=wal")
    database.execute("pragma synchronous=" + ("full" if durable else "off"))
    database.execute("create table kept (number integer)")
    database.commit()
    log = open(folder + "/log", "ab", buffering=0)
    if durable:
        os.fsync(log.fileno())
        names = os.open(folder, os.O_RDONLY)
        os.fsync(names)
    written = threading.Lock()
    def append(number):
        with written:
            log.write(b"%d\\n" % number)
            if durable:
                os.fdatasync(log.fileno())
    for number in range(60):
        other = threading.Thread(target=append, args=(number,))
        other.start()
        with database:
            database.execute("insert into kept values (?)", (number,))
        other.join()
        with open(folder + "/newest.tmp", "wb") as file:
            file.write(b"%d" % number)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(folder + "/newest.tmp", folder + "/newest")
        if durable:
            os.fsync(names)
        said.sendall(b"%d\\n" % number)
        heard.recv(100)
    print("done", flush=True)
    heard.recv(1)
    """
)


def record(folder: Path, out: Path, durability: str) -> Recording:
    folder.mkdir()
    out.mkdir()
    with Recorder([sys.executable, "-c", PROGRAM, str(folder), durability], folder, out) as recorder:
        while "done" not in recorder.output:
            assert "Error" not in recorder.output
            time.sleep(0.02)
    return recorder.recording()


def promised(cut: Cut) -> set[int]:
    sent = b"".join(one.data for one in cut.said if isinstance(one, Sent))
    return {int(number) for number in sent.split()}


def broken(cut: Cut, folder: Path) -> bool:
    """Whether anything that was promised is not in all three places; any tear counts as not there."""
    disk.write(folder, cut.held)
    wanted = promised(cut)
    try:
        found = {row[0] for row in sqlite3.connect(folder / "kept.sqlite").execute("select number from kept")}
        logged = {int(line) for line in (folder / "log").read_bytes().split(b"\n")[:-1] if line.isdigit()}
        newest = int((folder / "newest").read_bytes() or b"-1")
    except (sqlite3.Error, FileNotFoundError, ValueError):
        return bool(wanted)
    return not (wanted <= found and wanted <= logged and max(wanted, default=-1) <= newest)


@pytest.fixture(scope="module")
def durable(workshop: Path) -> tuple[Recording, Path]:
    return record(workshop / "data", workshop / "out", "durable"), workshop / "data"


def test_the_replay_gives_the_files_that_the_program_left(durable: tuple[Recording, Path]) -> None:
    recording, folder = durable
    assert len(recording.done) > 300
    assert recording.differences(folder) == []


def test_a_program_that_syncs_keeps_every_promise(durable: tuple[Recording, Path], states: Path) -> None:
    recording, _ = durable
    cuts = list(recording.cuts(100, seed=1))
    assert max(len(promised(cut)) for cut in cuts) > 50
    assert [cut.number for cut in cuts if broken(cut, states / str(cut.number))] == []


def test_with_its_syncs_taken_out_the_same_recording_breaks_them(
    durable: tuple[Recording, Path], states: Path
) -> None:
    recording, _ = durable
    lost = [cut for cut in recording.cuts(40, seed=1, syncs=False) if broken(cut, states / str(cut.number))]
    assert len(lost) > 10


def test_a_program_that_does_not_sync_is_found_out(tmp_path: Path, states: Path) -> None:
    recording = record(tmp_path / "data", tmp_path / "out", "careless")
    assert any(broken(cut, states / str(cut.number)) for cut in recording.cuts(40, seed=1))

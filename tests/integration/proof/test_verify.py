"""`verify` over several processes, and as a command."""

from dataclasses import asdict
from pathlib import Path

import orjson
import pytest

from coldchain_backend.ledger import Scope, Verifier
from support.commands import Done, command
from support.ledgers import segments, write_ledger


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "ledger"
    write_ledger(folder, batches=40, segment_bytes=2_000, checkpoint=True)
    assert len(segments(folder)) > 10
    return folder


def test_several_processes_say_the_same_as_one(folder: Path) -> None:
    path = segments(folder)[4]
    path.write_bytes(path.read_bytes().replace(b"temperature=0.5", b"temperature=1.5", 1))
    alone = Verifier(folder).run(lambda _: None)
    told: list[int] = []
    crew = Verifier(folder, scope=Scope(jobs=3, alone_bytes=0))
    report = crew.run(told.append)
    assert asdict(report) == asdict(alone)
    assert path.name in report.faults[0]
    assert 0 < sum(told) <= crew.size()


def run(*arguments: str) -> Done:
    return command("verify", *arguments)


def test_the_command_answers_and_names(folder: Path) -> None:
    done = run("--ledger", str(folder))
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        "intact: 43 records, 40 batches, 80 lines, 1 gateway",
    )
    segments(folder)[-1].unlink()
    done = run("--ledger", str(folder), "--json")
    said = orjson.loads(done.stdout)
    assert done.returncode == 1
    assert said["answer"] == "broken"
    assert "cut off" in said["faults"][0]


def test_a_time_without_records_is_no_proof_of_anything(folder: Path) -> None:
    done = run("--ledger", str(folder), "--from", "2031-01-01", "--to", "2031-02-01")
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        3,
        "nothing: no record was received in that time",
    )
    done = run("--ledger", str(folder), "--from", "2031-01-01", "--json")
    assert (done.returncode, orjson.loads(done.stdout)["answer"]) == (3, "nothing")


def test_a_time_that_is_none_is_told(folder: Path) -> None:
    done = run("--ledger", str(folder), "--from", "yesterday")
    assert done.returncode == 2
    assert "'yesterday' is not a time" in done.stderr

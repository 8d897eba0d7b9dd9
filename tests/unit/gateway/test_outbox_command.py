"""`outbox`: list, verify, export, retry, beside a gateway that has the file open."""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from coldchain.seal import Batch, read_batches
from coldchain_gateway.cli import main
from coldchain_gateway.cli.outbox import faults_of
from coldchain_gateway.outbox import OUTBOX_FILE, Remains
from support.gateway_life import OFFSET_MS, Life

CONFIG = '[gateway]\nname = "gw-1"\norganisation = "demo"\ndata_dir = "."\n'


@pytest.fixture
def life(tmp_path: Path) -> Life:
    """Three batches: acknowledged, a dead letter, waiting; and two unsealed lines."""
    (tmp_path / "gateway.toml").write_text(CONFIG)
    made = Life.open(tmp_path)
    for number in range(3):
        made.keep(number * 1000 + 1)
        made.seal(number * 1000 + 2)
    first, second, _ = made.outbox.waiting(9, 1 << 20, frozenset())
    made.outbox.acknowledge([first.id], 1)
    made.outbox.refuse(second.id)
    made.keep(9000, 9001)
    return made


def run(life: Life, *arguments: str) -> int:
    return main(["--config", str(life.folder / "gateway.toml"), "outbox", *arguments])


def test_list_tells_how_much_is_kept(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(life, "list", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["batches"] == {"waiting": 1, "acknowledged": 1, "refused": 1}
    assert told["unsealed_lines"] == 2
    assert told["runs"][0]["seq"] == 3
    assert told["holes"][0]["reason"] == "refused"
    assert run(life, "list") == 0
    assert "to be declared" in capsys.readouterr().out


def test_list_shows_dead_letters_one_a_line(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(life, "list", "--batches", "--state", "refused") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert " 2 refused" in line
    assert run(life, "list", "--batches", "--json") == 0
    seqs = [json.loads(line)["seq"] for line in capsys.readouterr().out.splitlines()]
    assert seqs == [1, 2, 3]


def test_verify_says_that_all_is_whole(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(life, "verify") == 0
    assert capsys.readouterr().out == "3 batches: all whole\n"


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE body SET gzip = x'1f8b00' WHERE id = 2", "2: its bytes are lost"),
        ("UPDATE body SET gzip = (SELECT gzip FROM body WHERE id = 1) WHERE id = 3", "3: its bytes are lost"),
    ],
)
def test_verify_names_what_is_not_whole(
    life: Life, statement: str, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with life.outbox.database.write() as transaction:
        transaction._connection.execute(statement)
    assert run(life, "verify") == 1
    assert fault in capsys.readouterr().out
    assert run(life, "verify", "--json") == 1
    assert len(json.loads(capsys.readouterr().out)["faults"]) == 1


def test_export_gives_what_travels_and_unsealed_lines_with_their_time(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    target = life.folder / "kept.lp"
    assert run(life, "export", "--to", str(target)) == 0
    assert "3 batches, 2 unsealed lines" in capsys.readouterr().err
    batches = [one for one in read_batches(target.read_bytes()) if isinstance(one, Batch)]
    assert [batch.seq for batch in batches] == [1, 2, 3]
    assert target.read_text().splitlines()[-1] == f"reading,sensor=a t=9001i {OFFSET_MS + 9001}"


def test_export_of_a_damaged_file_gives_what_can_be_read_and_ends_with_one(
    life: Life, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with life.outbox.database.write() as transaction:
        transaction._connection.execute("UPDATE body SET gzip = x'1f8b00' WHERE id = 2")
    life.outbox.close()
    aside = (tmp_path / OUTBOX_FILE).rename(tmp_path / "aside.sqlite")
    assert run(life, "export", "--from", str(aside), "--to", str(tmp_path / "saved.lp")) == 1
    assert "2 batches, 2 unsealed lines; 1 batches could not be read" in capsys.readouterr().err
    assert run(life, "export", "--from", str(aside), "--to", str(tmp_path / "more.lp"), "--json") == 1
    told = json.loads(capsys.readouterr().err)
    assert told == {"batches": 2, "unsealed_lines": 2, "lost": 1, "unreadable": 1}


def test_export_tells_of_unsealed_lines_that_cannot_be_read(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    with life.outbox.database.write() as transaction:
        transaction._connection.execute("UPDATE chunk SET body = x'00'")
    assert run(life, "export", "--to", str(life.folder / "kept.lp")) == 1
    told = capsys.readouterr().err
    assert "3 batches, 0 unsealed lines; 0 batches could not be read; 1 rows are unreadable" in told


def test_export_writes_over_no_file_least_of_all_the_outbox(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(life, "export", "--to", str(life.folder / OUTBOX_FILE)) == 3
    assert "it is not overwritten" in capsys.readouterr().err
    assert run(life, "verify") == 0


def test_export_without_an_outbox_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(CONFIG)
    target = tmp_path / "kept.lp"
    assert main(["--config", str(tmp_path / "gateway.toml"), "outbox", "export", "--to", str(target)]) == 5
    assert not target.exists()


def test_export_by_state_gives_those_batches_and_no_unsealed_lines(
    life: Life, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(life, "export", "--state", "refused") == 0
    said = capsysbinary.readouterr()
    assert [one.seq for one in read_batches(said.out) if isinstance(one, Batch)] == [2]
    assert b"1 batches, 0 unsealed lines" in said.err


def test_export_gives_lines_that_nobody_can_date_yet_as_comments(
    life: Life, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    life = life.reopen("boot-2")
    life.keep(77, trusted=False)
    assert run(life, "export") == 0
    last = capsysbinary.readouterr().out.splitlines()[-1]
    assert last == b"# reading,sensor=a t=77i boot=boot-2 boot_ms=77"


def test_verify_names_a_batch_that_does_not_follow_the_one_before(tmp_path: Path) -> None:
    """A folder that was copied and run twice: two batches of one number."""
    kept = []
    (tmp_path / "first").mkdir()
    life = Life.open(tmp_path / "first")
    life.keep(1)
    life.seal(2)
    life.outbox.close()
    shutil.copytree(tmp_path / "first", tmp_path / "copy")
    for folder, value in (("copy", 500), ("first", 300)):
        life = Life.open(tmp_path / folder)
        for number in range(2):
            life.keep(value + number)
            life.seal(value + number)
        life.outbox.close()
        with Remains(tmp_path / folder / OUTBOX_FILE) as remains:
            kept.append(list(remains.batches()))
    copy, first = kept
    assert list(faults_of(first, life.key.public)) == []
    assert list(faults_of([first[0], copy[1], first[2]], life.key.public)) == [
        f"{first[0].run} 3: does not follow 2"
    ]


def test_verify_names_a_seal_that_was_not_made_with_this_gateways_key(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    (waiting,) = life.outbox.waiting(1, 1 << 20, frozenset())
    head, _, body = gzip.decompress(waiting.gzip).partition(b"\n")
    unsigned, _, signature = head.partition(b" sig=")
    forged = gzip.compress(b"%b sig=%b\n%b" % (unsigned, signature[::-1], body))
    with life.outbox.database.write() as transaction:
        transaction._connection.execute("UPDATE body SET gzip = ? WHERE id = ?", (forged, waiting.id))
    assert run(life, "verify") == 1
    assert "3: " in capsys.readouterr().out


def test_a_file_that_is_no_outbox_is_refused(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    strange = life.folder / "photo.jpg"
    strange.write_bytes(b"\xff\xd8\xff" * 5000)
    for part in ("list", "verify", "export"):
        assert run(life, part, "--from", str(strange)) == 4
        assert "photo.jpg: file is not a database" in capsys.readouterr().err


def test_retry_lets_a_dead_letter_wait_again(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    head = life.outbox.head()
    assert head is not None
    assert run(life, "retry", "--run", head.run, "--seq", "3") == 1
    assert run(life, "retry", "--run", head.run, "--seq", "2") == 0
    assert "1 dead letters wait again" in capsys.readouterr().out
    assert [batch.seq for batch in life.outbox.waiting(9, 1 << 20, frozenset())] == [2, 3]
    assert run(life, "retry", "--all") == 0


@pytest.mark.parametrize("wrong", [["--run", "r"], ["--all", "--seq", "1"]])
def test_retry_needs_to_know_which(life: Life, wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(life, "retry", *wrong) == 3
    assert capsys.readouterr().err


@pytest.mark.parametrize("wrong", [[], ["--seq", "1"], ["--all", "--run", "r", "--seq", "1"]])
def test_retry_of_none_or_of_one_and_all_is_wrong_usage(life: Life, wrong: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(life, "retry", *wrong)


def test_no_outbox_yet_is_for_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gateway.toml").write_text(CONFIG)
    for part in ("list", "verify", "export"):
        assert main(["--config", str(tmp_path / "gateway.toml"), "outbox", part]) == 5
    assert "no outbox there" in capsys.readouterr().err

"""A checkpoint kept elsewhere shows what the ledger's own folder no longer does."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from coldchain.errors import InvalidInput
from coldchain.seal import Key
from coldchain_backend.ledger import (
    EVENT,
    Answer,
    Checkpoint,
    Head,
    Report,
    Scope,
    Statement,
    Verifier,
    make_statement,
    read_checkpoints,
    read_statement,
)
from support.ledgers import BACKEND, GATEWAY, sealed, segments, write_ledger


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "ledger"
    write_ledger(folder, checkpoint=True)
    return folder


def stated(folder: Path, key: Key = BACKEND) -> Statement:
    """What was sent out when the ledger was whole."""
    last = sealed(6)[-1]
    head = Head(gateway="gw", key=GATEWAY.fingerprint, run="r1", seq=6, held=6, hash=last.hash)
    return make_statement(key, read_checkpoints(folder)[-1], [head])


def held_against(folder: Path, statements: Sequence[Statement]) -> Report:
    return Verifier(folder, scope=Scope(statements=statements)).run(lambda _: None)


def test_a_whole_ledger_agrees_with_what_was_sent(folder: Path) -> None:
    statement = read_statement(stated(folder).encode(), "file")
    assert statement.signed_by(BACKEND.public)
    assert held_against(folder, [statement]).answer is Answer.INTACT


def test_it_finds_a_cut_off_end_although_the_folders_own_checkpoints_are_gone_too(folder: Path) -> None:
    statement = stated(folder)
    segments(folder)[-1].unlink()
    (folder / "checkpoints").unlink()
    assert Verifier(folder).run(lambda _: None).answer is not Answer.BROKEN
    report = held_against(folder, [statement])
    assert report.answer is Answer.BROKEN
    assert any("cut off" in fault for fault in report.faults)


def test_it_finds_an_end_that_was_written_anew(folder: Path, tmp_path: Path) -> None:
    statement = stated(folder)
    (tmp_path / "other").mkdir()
    write_ledger(tmp_path / "other" / "ledger", batches=5)
    report = held_against(tmp_path / "other" / "ledger", [statement])
    assert any("batch r1 6 of gw: not there any more" in fault for fault in report.faults)


def test_one_that_another_key_signed_is_told(folder: Path) -> None:
    report = held_against(folder, [stated(folder, key=Key.from_seed(b"x" * 32))])
    assert any("is not signed by the backend" in fault for fault in report.faults)


def test_a_changed_head_breaks_its_signature(folder: Path) -> None:
    data = stated(folder).encode().replace(b'"held":6', b'"held":5')
    assert not read_statement(data, "file").signed_by(BACKEND.public)


def test_it_is_read_from_the_webhook_that_brought_it(folder: Path) -> None:
    data = stated(folder).encode()
    body = b'{"type":"%b","timestamp":"2026-11-25T00:00:00Z","data":%b}' % (EVENT.encode(), data)
    assert read_statement(body, "body").encode() == data


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format":1,"kind":"x"}', b'{"format":2,"kind":"x"}'])
def test_what_is_none_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"^day\.json: "):
        read_statement(data, "day.json")


def test_it_is_made_from_a_signed_head(folder: Path) -> None:
    log = read_checkpoints(folder)[-1]
    assert isinstance(log, Checkpoint)
    assert log.signed_by(BACKEND.public)

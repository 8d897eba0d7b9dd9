"""Checkpoints that somebody wrote by hand are read as statements or not at all, and never break `verify`."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain_backend.ledger import Verifier
from coldchain_backend.ledger.checkpoints import NAME, Checkpoint, read_checkpoints, signed, write_checkpoint
from support.ledgers import BACKEND, write_ledger
from support.soak import rounds


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "ledger"
    write_ledger(folder, batches=2)
    return folder


@settings(
    max_examples=rounds(25, 1200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(offset=st.integers(-5, 9), at_ms=st.integers(-(2**62), 2**62), hash_=st.text(max_size=5))
def test_any_numbers_in_a_checkpoint_are_answered(written: Path, offset: int, at_ms: int, hash_: str) -> None:
    (written / NAME).unlink(missing_ok=True)
    checkpoint = Checkpoint(organisation="demo", offset=offset, hash=hash_, at_ms=at_ms)
    write_checkpoint(written, signed(BACKEND, checkpoint))
    report = Verifier(written).run(lambda _: None)
    assert all("checkpoint" in fault or "record" in fault for fault in report.faults)
    if 1 <= offset <= 5 and read_checkpoints(written):
        assert not report.intact


@settings(
    max_examples=rounds(25, 1200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rubbish=st.binary(max_size=200))
def test_any_bytes_in_the_file_are_answered(written: Path, rubbish: bytes) -> None:
    (written / NAME).write_bytes(rubbish)
    assert Verifier(written).run(lambda _: None).records == 5
    (written / NAME).unlink()


def test_a_checkpoint_is_of_one_ledger_and_one_key(tmp_path: Path) -> None:
    mine = Checkpoint(organisation="demo", offset=3, hash="a" * 64, at_ms=1_000)
    write_checkpoint(tmp_path, signed(BACKEND, mine))
    (read,) = read_checkpoints(tmp_path)
    assert read.signed_by(BACKEND.public)
    other = Checkpoint(organisation="other", offset=3, hash="a" * 64, at_ms=1_000, signature=read.signature)
    assert not other.signed_by(BACKEND.public)

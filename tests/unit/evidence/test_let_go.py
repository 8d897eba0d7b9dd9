"""After segments of the ledger were let go, each answer is as before, or names what is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coldchain.errors import InvalidInput
from coldchain_backend.evidence import Question, Source, export
from coldchain_backend.ingest import GatewayKey
from coldchain_backend.ingest.keys import AdmittedBy
from coldchain_backend.judging import Answers, Asked
from coldchain_backend.ledger import FileLedger, MemoryLedger, check_kept, oldest_kept
from coldchain_backend.sql import Records
from support.expired import BACKEND, expired
from support.judged_folder import JudgedFolder
from support.judged_log import MINUTE, ORGANISATION, T0
from support.still_clock import StillClock

HALF = T0 + 30 * MINUTE
WHOLE = Asked(zone="z", from_ms=T0, to_ms=HALF)


class Left:
    """What is left of a backend whose oldest segments are gone; `end`: the last record that went."""

    def __init__(self, folder: JudgedFolder, ledger: FileLedger, answers: Answers, end: int) -> None:
        self.folder, self.ledger, self.answers, self.end = folder, ledger, answers, end

    def export(self, target: Path, from_ms: int) -> Path:
        key = GatewayKey(name="gw", public=self.folder.voice.key.public, by=AdmittedBy.CODE, admitted_ms=T0)
        source = Source(
            organisation=ORGANISATION,
            ledger=self.ledger,
            answers=self.answers,
            known_keys=lambda: [key],
            key=BACKEND,
        )
        asked = Question(zone="z", asset=None, from_ms=from_ms, to_ms=self.folder.clock.wall_ms, by="王伟")
        export(source, asked, target, self.folder.clock.wall_ms, lambda _: None)
        return target


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    folder = JudgedFolder(tmp_path_factory.mktemp("house") / "data", segment_bytes=4_000)
    folder.live()
    with folder.ledger() as ledger, folder.database() as database:
        before = Answers(Records(database), ORGANISATION, ledger).verdicts([WHOLE])
    end = expired(folder)
    with folder.ledger() as ledger, folder.database() as database:
        answers = Answers(Records(database), ORGANISATION, ledger)
        assert answers.verdicts([WHOLE]) == before, "what was judged stays"
        yield Left(folder, ledger, answers, end)


def test_the_oldest_record_that_is_there_is_known(left: Left) -> None:
    oldest = oldest_kept(left.ledger)
    assert oldest is not None
    assert oldest.offset == left.end + 1
    assert oldest_kept(MemoryLedger("demo", StillClock(T0))) is None


@pytest.mark.parametrize("before", [1, 5])
def test_what_was_known_at_a_record_that_is_gone_is_not_made_up(left: Left, before: int) -> None:
    with pytest.raises(InvalidInput, match=f"records up to {left.end} were let go"):
        left.answers.verdicts([WHOLE], as_of=left.end - before)


def test_what_was_known_at_a_record_that_is_there_is_told(left: Left) -> None:
    [whole] = left.answers.verdicts([WHOLE], as_of=left.ledger.end)
    assert whole == left.answers.verdicts([WHOLE])[0]


def test_no_archive_is_made_whose_batches_are_gone(left: Left, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="was let go after its retention"):
        left.export(tmp_path / "evidence.zip", T0)


def test_nothing_is_asked_from_before_the_oldest_record(left: Left) -> None:
    """As the door asks before a key is revoked from an earlier instant on."""
    oldest = oldest_kept(left.ledger)
    assert oldest is not None
    check_kept(left.ledger, oldest.received_ms + 1)
    for from_ms in (0, oldest.received_ms):
        with pytest.raises(InvalidInput, match="was let go after its retention"):
            check_kept(left.ledger, from_ms)
    check_kept(MemoryLedger("demo", StillClock(T0)), 0)

"""Segments of a data folder's ledger let go, as the command does it."""

from coldchain.seal import Key
from coldchain_backend.recovery import Wish, due, end_of, let_go, snapshot
from support.judged_folder import SETTINGS, JudgedFolder
from support.judged_log import T0

BACKEND = Key.from_seed(b"b" * 32)


def expired(folder: JudgedFolder, count: int = 2) -> int:
    """Let the oldest segments go; the last record that went."""
    segments = due(folder.ledger_folder, 2**62)[:count]
    assert len(segments) == count
    with folder.ledger() as ledger:
        end = end_of(folder.ledger_folder, segments)
        made = snapshot(ledger, SETTINGS, BACKEND, end, lambda _: None)
        let_go(segments, made, BACKEND, Wish(by="王伟", reason="five years", retention_days=1826, now_ms=T0))
    return end

"""Evidence: one append-only, hash-chained log per organisation. Its format is specified in docs/ledger.md."""

from coldchain_backend.ledger.contract import Ledger
from coldchain_backend.ledger.memory import MemoryLedger
from coldchain_backend.ledger.records import (
    ActName,
    BatchMeta,
    Grade,
    Json,
    Kind,
    MarkName,
    NewRecord,
    Record,
    act_record,
    batch_record,
    mark_record,
    read_json,
    split_batch,
)

__all__ = [
    "ActName",
    "BatchMeta",
    "Grade",
    "Json",
    "Kind",
    "Ledger",
    "MarkName",
    "MemoryLedger",
    "NewRecord",
    "Record",
    "act_record",
    "batch_record",
    "mark_record",
    "read_json",
    "split_batch",
]

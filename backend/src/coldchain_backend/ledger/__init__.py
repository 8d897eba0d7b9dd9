"""Evidence: one append-only, hash-chained log per organisation. Its format is specified in docs/ledger.md."""

from coldchain_backend.ledger.contract import Busy, DiskFull, Ledger
from coldchain_backend.ledger.declared import NOTHING, Declared, Hole, PreviousRun, declared
from coldchain_backend.ledger.file_ledger import FileLedger, open_ledger
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
from coldchain_backend.ledger.runs import Added, Interval, Run
from coldchain_backend.ledger.segments import Damage
from coldchain_backend.ledger.verify import Report, Verifier

__all__ = [
    "NOTHING",
    "ActName",
    "Added",
    "BatchMeta",
    "Busy",
    "Damage",
    "Declared",
    "DiskFull",
    "FileLedger",
    "Grade",
    "Hole",
    "Interval",
    "Json",
    "Kind",
    "Ledger",
    "MarkName",
    "MemoryLedger",
    "NewRecord",
    "PreviousRun",
    "Record",
    "Report",
    "Run",
    "Verifier",
    "act_record",
    "batch_record",
    "declared",
    "mark_record",
    "open_ledger",
    "read_json",
    "split_batch",
]

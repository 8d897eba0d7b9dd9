"""Evidence: one append-only, hash-chained log per organisation. Its format is specified in docs/ledger.md."""

from coldchain_backend.ledger.archiving import archive, archived, movable
from coldchain_backend.ledger.checkpoints import Checkpoint, read_checkpoints
from coldchain_backend.ledger.contract import Busy, DiskFull, Ledger, check_kept, oldest_kept
from coldchain_backend.ledger.declared import NOTHING, Declared, Hole, PreviousRun, declared
from coldchain_backend.ledger.file_ledger import FileLedger, open_ledger
from coldchain_backend.ledger.memory import MemoryLedger
from coldchain_backend.ledger.named_keys import named_keys
from coldchain_backend.ledger.packing import pack_segment, packable
from coldchain_backend.ledger.records import (
    FOLLOWED,
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
    revoked_from,
    split_batch,
)
from coldchain_backend.ledger.report import Answer, Fork, Missing, Report
from coldchain_backend.ledger.runs import Added, Interval, Run
from coldchain_backend.ledger.segments import Damage, read_first_stamp, read_start, segment_files
from coldchain_backend.ledger.statement import (
    EVENT,
    Head,
    Statement,
    load_statement,
    make_statement,
    read_statement,
)
from coldchain_backend.ledger.stubs import Stub, read_stubs, write_stub
from coldchain_backend.ledger.verify import Scope, Verifier

__all__ = [
    "EVENT",
    "FOLLOWED",
    "NOTHING",
    "ActName",
    "Added",
    "Answer",
    "BatchMeta",
    "Busy",
    "Checkpoint",
    "Damage",
    "Declared",
    "DiskFull",
    "FileLedger",
    "Fork",
    "Grade",
    "Head",
    "Hole",
    "Interval",
    "Json",
    "Kind",
    "Ledger",
    "MarkName",
    "MemoryLedger",
    "Missing",
    "NewRecord",
    "PreviousRun",
    "Record",
    "Report",
    "Run",
    "Scope",
    "Statement",
    "Stub",
    "Verifier",
    "act_record",
    "archive",
    "archived",
    "batch_record",
    "check_kept",
    "declared",
    "load_statement",
    "make_statement",
    "mark_record",
    "movable",
    "named_keys",
    "oldest_kept",
    "open_ledger",
    "pack_segment",
    "packable",
    "read_checkpoints",
    "read_first_stamp",
    "read_json",
    "read_start",
    "read_statement",
    "read_stubs",
    "revoked_from",
    "segment_files",
    "split_batch",
    "write_stub",
]

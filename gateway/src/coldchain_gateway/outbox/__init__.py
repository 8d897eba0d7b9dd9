"""The gateway's queue: readings are kept here before anybody hears "kept", and leave it sealed."""

from .batches import decompress, pieces
from .cap import Bound, Cap, room_to_start
from .chunks import decode_entries
from .contract import (
    Boot,
    Chunk,
    CorruptOutbox,
    Counts,
    Dropped,
    Entry,
    Group,
    Head,
    HeldFate,
    Hole,
    HoleReason,
    NewBatch,
    NewerOutbox,
    Outbox,
    OutboxFull,
    Pending,
    Room,
    Waiting,
)
from .keeper import Keeper
from .quarantine import OUTBOX_FILE, Opened, open_outbox, put_aside_files
from .remains import KeptBatch, KeptChunk, KeptRun, Remains
from .salvage import Salvaged
from .sealing import REMEMBERED_BATCHES, Sealer, Start, continue_or_begin
from .sqlite import SqliteOutbox

__all__ = [
    "OUTBOX_FILE",
    "REMEMBERED_BATCHES",
    "Boot",
    "Bound",
    "Cap",
    "Chunk",
    "CorruptOutbox",
    "Counts",
    "Dropped",
    "Entry",
    "Group",
    "Head",
    "HeldFate",
    "Hole",
    "HoleReason",
    "Keeper",
    "KeptBatch",
    "KeptChunk",
    "KeptRun",
    "NewBatch",
    "NewerOutbox",
    "Opened",
    "Outbox",
    "OutboxFull",
    "Pending",
    "Remains",
    "Room",
    "Salvaged",
    "Sealer",
    "SqliteOutbox",
    "Start",
    "Waiting",
    "continue_or_begin",
    "decode_entries",
    "decompress",
    "open_outbox",
    "pieces",
    "put_aside_files",
    "room_to_start",
]

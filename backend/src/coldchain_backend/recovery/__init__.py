"""What makes whole again: rebuilding what is derived, backups, and coming back from them."""

from coldchain_backend.recovery.backup import Backup, Listed, listed, prune
from coldchain_backend.recovery.expiry import Wish, due, end_of, let_go, snapshot
from coldchain_backend.recovery.manifest import Manifest, Progress
from coldchain_backend.recovery.rebuild import Outcome, Rebuild
from coldchain_backend.recovery.restore import HELD, Restored, read_back, restore, try_out
from coldchain_backend.recovery.vault import Lock

__all__ = [
    "HELD",
    "Backup",
    "Listed",
    "Lock",
    "Manifest",
    "Outcome",
    "Progress",
    "Rebuild",
    "Restored",
    "Wish",
    "due",
    "end_of",
    "let_go",
    "listed",
    "prune",
    "read_back",
    "restore",
    "snapshot",
    "try_out",
]

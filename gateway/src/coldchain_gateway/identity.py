"""Who this gateway is: its own key, made at first start, and the head of its chain kept beside it."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coldchain.errors import IntegrityError, InvalidInput
from coldchain.seal import Key
from coldchain_runtime.durable import write_file_atomic

KEY_FILE: Final = "gateway.key"
HEAD_FILE: Final = "head.json"
MACHINE_FILE: Final = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHead:
    """The newest sealed batch of this key, as it stands beside the key."""

    run: str
    seq: int
    hash: str


def load_or_create_key(data_dir: Path) -> Key:
    """The gateway's key; a new one, 0600, at first start. Raises IntegrityError if its file is damaged."""
    path = data_dir / KEY_FILE
    if not path.exists():
        key = Key.generate()
        write_file_atomic(path, key.seed.hex().encode() + b"\n", private=True)
        return key
    try:
        return Key.from_seed(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except (ValueError, InvalidInput) as error:
        raise IntegrityError(
            f"{path}: not a gateway key; restore it, or remove it to become a new gateway"
        ) from error


def came_from(data_dir: Path, serial: str | None) -> str | None:
    """The serial number of the computer on which this key ran before, if that was another one; told once.

    A card that was moved is right, a card that was copied is a second gateway with one key. Raises OSError.
    """
    path = data_dir / MACHINE_FILE
    try:
        before = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        before = ""
    if serial is None or serial == before:
        return None
    write_file_atomic(path, serial.encode("ascii", "replace") + b"\n", private=True)
    return before or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Key, organisation and the head of the chain: what a seal needs beside the lines."""

    key: Key
    organisation: str
    head_file: "HeadFile"


def new_run(key: Key) -> str:
    """A name for a new chain, which tells its key apart from another's."""
    return f"{run_prefix(key)}{secrets.token_hex(6)}"


def run_prefix(key: Key) -> str:
    """How every run of this key begins."""
    return f"{key.fingerprint[:8]}-"


class HeadFile:
    """The head of the chain, durable before a batch is first sent, so that a lost outbox is noticed."""

    def __init__(self, data_dir: Path) -> None:
        """A damaged file counts as missing: the successor run then says that it cannot name its head."""
        self._path = data_dir / HEAD_FILE
        self._head = self._read()

    def _read(self) -> KeptHead | None:
        try:
            raw = json.loads(self._path.read_text(encoding="utf-8"))
            return KeptHead(run=str(raw["run"]), seq=int(raw["seq"]), hash=str(raw["hash"]))
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None

    @property
    def head(self) -> KeptHead | None:
        return self._head

    def keep(self, head: KeptHead) -> None:
        """Durable when it returns. Raises OSError on a full disk: then nothing above may be sent."""
        document = {"run": head.run, "seq": head.seq, "hash": head.hash}
        write_file_atomic(self._path, json.dumps(document).encode() + b"\n", private=True)
        self._head = head

    def covers(self, run: str, seq: int) -> bool:
        """Whether this batch may be sent: the head kept beside the key is at or above it."""
        head = self._head
        return head is not None and (run != head.run or seq <= head.seq)

"""An encrypted, compressed file: what a backup is made of.

One line of JSON that anybody may read, then the rest as a stream of XChaCha20-Poly1305 (libsodium's
secretstream) under a key that Argon2id makes of a passphrase. A cut, changed or foreign byte is found when it
is read.
"""

import gzip
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from io import BufferedIOBase, BufferedReader, RawIOBase
from pathlib import Path
from typing import BinaryIO, Final, cast

import orjson
from nacl import bindings, pwhash
from nacl.exceptions import CryptoError

from coldchain.errors import IntegrityError, Refused
from coldchain_runtime.durable import sync_folder
from coldchain_runtime.secrets import Secret

FORMAT: Final = 1
CHUNK: Final = 256 * 1024
MAX_LINE: Final = 4096
SALT_BYTES: Final = pwhash.argon2id.SALTBYTES
_LENGTH: Final = struct.Struct(">I")
_FINAL: Final = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_MESSAGE: Final = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_HEAD: Final = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What opens a vault: a passphrase, and the salt that new files are made with."""

    passphrase: Secret
    salt: bytes

    @classmethod
    def of(cls, passphrase: Secret) -> "Lock":
        """A lock for new files."""
        return cls(passphrase=passphrase, salt=os.urandom(SALT_BYTES))

    def key(self, salt: bytes) -> bytes:
        """The key for a salt; slow on purpose the first time."""
        return _key(self.passphrase, salt)


@lru_cache(maxsize=64)
def _key(passphrase: Secret, salt: bytes) -> bytes:
    made: bytes = pwhash.argon2id.kdf(
        bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES,
        passphrase.reveal().encode(),
        salt,
        opslimit=pwhash.argon2id.OPSLIMIT_INTERACTIVE,
        memlimit=pwhash.argon2id.MEMLIMIT_INTERACTIVE,
    )
    return made


@contextmanager
def new_vault(path: Path, lock: Lock, about: Mapping[str, object]) -> Iterator[BinaryIO]:
    """Write a vault durably; it has its name only when it is whole. Raises OSError."""
    beside = path.with_name(f".{path.name}.new")
    fields = {**about, "format": FORMAT, "kind": "coldchain-backup", "salt": lock.salt.hex()}
    line = orjson.dumps(fields) + b"\n"
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(line)
            sealing = _Sealing(file, lock.key(lock.salt), line)
            with gzip.GzipFile(
                fileobj=cast("BinaryIO", sealing), mode="wb", compresslevel=1, mtime=0
            ) as inner:
                yield cast("BinaryIO", inner)
            sealing.finish()
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def open_vault(path: Path, lock: Lock) -> Iterator[BinaryIO]:
    """Read a vault. Raises IntegrityError for a damaged one, Refused for a wrong passphrase."""
    with path.open("rb") as file:
        line, salt = _line_of(file, path)
        reader = BufferedReader(_Opening(file, lock.key(salt), line, path.name), CHUNK)
        try:
            with gzip.GzipFile(fileobj=reader, mode="rb") as inner:
                yield cast("BinaryIO", inner)
        except (EOFError, gzip.BadGzipFile) as error:
            raise IntegrityError(f"{path.name}: it is cut off") from error


def about(path: Path) -> dict[str, object]:
    """The line that anybody may read. Raises IntegrityError for what is no vault."""
    with path.open("rb") as file:
        line, _ = _line_of(file, path)
    fields: dict[str, object] = orjson.loads(line)
    return fields


def _line_of(file: BinaryIO, path: Path) -> tuple[bytes, bytes]:
    line = file.readline(MAX_LINE)
    try:
        fields = orjson.loads(line)
        if fields["kind"] != "coldchain-backup" or fields["format"] != FORMAT:
            raise IntegrityError(f"{path.name}: a backup of another format")
        return line, bytes.fromhex(fields["salt"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{path.name}: not a backup") from error


class _Sealing(BufferedIOBase):
    """Encrypts what is written, chunk by chunk."""

    def __init__(self, file: BinaryIO, key: bytes, line: bytes) -> None:
        super().__init__()
        self._file, self._line, self._waiting = file, line, bytearray()
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        file.write(bindings.crypto_secretstream_xchacha20poly1305_init_push(self._state, key))

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(cast("bytes", data))
        self._waiting += view
        while len(self._waiting) >= CHUNK:
            self._push(bytes(self._waiting[:CHUNK]), _MESSAGE)
            del self._waiting[:CHUNK]
        return len(view)

    def finish(self) -> None:
        """Write the last chunk, which says that it is the last."""
        self._push(bytes(self._waiting), _FINAL)

    def _push(self, data: bytes, tag: int) -> None:
        push = bindings.crypto_secretstream_xchacha20poly1305_push
        sealed = push(self._state, data, self._line, tag)
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)


class _Opening(RawIOBase):
    """Decrypts what is read, and insists on the last chunk."""

    def __init__(self, file: BinaryIO, key: bytes, line: bytes, name: str) -> None:
        super().__init__()
        self._file, self._line, self._name = file, line, name
        self._left, self._ended, self._first = b"", False, True
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        head = file.read(_HEAD)
        if len(head) != _HEAD:
            raise IntegrityError(f"{name}: it is cut off")
        bindings.crypto_secretstream_xchacha20poly1305_init_pull(self._state, head, key)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        while not self._left and not self._ended:
            self._left = self._pull()
        taken = self._left[: len(view)]
        view[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)

    def _pull(self) -> bytes:
        head = self._file.read(_LENGTH.size)
        length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
        sealed = self._file.read(length) if 0 < length <= CHUNK + 64 else b""
        if not sealed or len(sealed) != length:
            raise IntegrityError(f"{self._name}: it is cut off or damaged")
        try:
            data, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(self._state, sealed, self._line)
        except CryptoError as error:
            if self._first:
                raise Refused(
                    f"{self._name}: the passphrase is not the right one, or it is damaged"
                ) from error
            raise IntegrityError(f"{self._name}: it is damaged") from error
        self._first, self._ended = False, tag == _FINAL
        return data

"""The `cc1` seal: one signed, chained batch of line protocol (specified in docs/wire.md)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair, randombytes
from nacl.exceptions import BadSignatureError

from coldchain.errors import InvalidInput

GENESIS = "0" * 64
MAX_LINES = 5000
MAX_BYTES = 1 << 20
MAX_SEQ = 2**63 - 1

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_HEADER = re.compile(
    rf"# cc1 org=({_NAME}) gateway=([0-9a-f]{{32}}) run=({_NAME}) seq=([1-9][0-9]{{0,18}}) len=([0-9]{{1,8}})"
    r" prev=([0-9a-f]{64}) hash=([0-9a-f]{64}) sig=([A-Za-z0-9_-]{86})\n".encode()
)
_MAX_HEADER = 600
_VALID_NAME = re.compile(_NAME)


class SealFault(StrEnum):
    """Why a batch is not what its seal says."""

    HASH = "hash"
    SIGNATURE = "signature"
    FOREIGN_KEY = "foreign_key"


class Key:
    """An Ed25519 key pair; its fingerprint is the identity of a gateway or of the backend."""

    __slots__ = ("_secret", "fingerprint", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise InvalidInput(f"a key's seed has 32 bytes, not {len(seed)}")
        self.public, self._secret = crypto_sign_seed_keypair(seed)
        self.seed = seed
        self.fingerprint = fingerprint(self.public)

    @classmethod
    def generate(cls) -> "Key":
        """Make a new key from the system's randomness."""
        return cls(randombytes(32))

    @classmethod
    def from_seed(cls, seed: bytes) -> "Key":
        """Take up a key from its 32-byte seed; raises InvalidInput for another length."""
        return cls(seed)

    def sign(self, message: bytes) -> bytes:
        """Sign a message; the answer is the detached signature of 64 bytes."""
        signed: bytes = crypto_sign(message, self._secret)
        return signed[:64]

    def __repr__(self) -> str:
        return f"Key({self.fingerprint})"


def fingerprint(public: bytes) -> str:
    """Name a public key: the first 32 hexadecimal digits of its SHA-256."""
    return sha256(public).hexdigest()[:32]


def signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` (64 bytes) is that of `message` under `public` (32 bytes)."""
    if len(signature) != 64 or len(public) != 32:
        return False
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A sealed batch as it travels and lies in evidence; `body` is line protocol that ends with a newline."""

    org: str
    gateway: str
    run: str
    seq: int
    prev: str
    hash: str
    sig: str
    body: bytes

    @property
    def length(self) -> int:
        """The body's length in bytes."""
        return len(self.body)

    def encode(self) -> bytes:
        """Give the bytes of header line and body."""
        return (
            f"# cc1 org={self.org} gateway={self.gateway} run={self.run} seq={self.seq} len={len(self.body)}"
            f" prev={self.prev} hash={self.hash} sig={self.sig}\n"
        ).encode() + self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class BadBatch:
    """Bytes where a batch should begin or go on, and do not; nothing behind `position` can be framed."""

    reason: str
    position: int
    header: bytes


def batch_hash(*, org: str, gateway: str, run: str, seq: int, prev: str, body: bytes) -> bytes:
    """Compute the 32 raw bytes that the seal's `hash` shows in hexadecimal."""
    head = f"cc1\norg={org}\ngateway={gateway}\nrun={run}\nseq={seq}\nprev={prev}\nlen={len(body)}\n"
    return sha256(head.encode() + body).digest()


def seal(key: Key, *, org: str, run: str, seq: int, prev: str, body: bytes) -> Batch:
    """Seal a body as number `seq` of a run whose batch before it has the hash `prev` (GENESIS for the first).

    Raises InvalidInput where a name, number or size breaks the wire's limits.
    """
    for name in (org, run):
        if not _VALID_NAME.fullmatch(name):
            raise InvalidInput(f"not a name for a seal: {name!r}")
    if not 1 <= seq <= MAX_SEQ:
        raise InvalidInput(f"not a sequence number: {seq}")
    if not body.endswith(b"\n") or len(body) > MAX_BYTES or body.count(b"\n") > MAX_LINES:
        raise InvalidInput(f"not a body for a seal: {len(body)} bytes")
    digest = batch_hash(org=org, gateway=key.fingerprint, run=run, seq=seq, prev=prev, body=body)
    signature = urlsafe_b64encode(key.sign(b"cc1-sig\n" + digest)).rstrip(b"=").decode()
    return Batch(
        org=org,
        gateway=key.fingerprint,
        run=run,
        seq=seq,
        prev=prev,
        hash=digest.hex(),
        sig=signature,
        body=body,
    )


def read_batches(data: bytes) -> Iterator[Batch | BadBatch]:
    """Frame a concatenation of batches; stops behind the first that cannot be framed, and says why.

    Framing trusts nothing: hash and signature are `check`'s work.
    """
    position = 0
    while position < len(data):
        match = _HEADER.match(data, position)
        if match is None:
            line = data[position : position + _MAX_HEADER].split(b"\n", 1)[0]
            yield BadBatch(reason="not a cc1 header", position=position, header=line)
            return
        org, gateway, run, seq, length, prev, digest, sig = (part.decode() for part in match.groups())
        size, start = int(length), match.end()
        body = data[start : start + size]
        reason = _body_fault(body, size)
        if reason or int(seq) > MAX_SEQ:
            yield BadBatch(reason=reason or "seq too large", position=position, header=match.group(0).strip())
            return
        yield Batch(
            org=org, gateway=gateway, run=run, seq=int(seq), prev=prev, hash=digest, sig=sig, body=body
        )
        position = start + size


def _body_fault(body: bytes, size: int) -> str | None:
    if size > MAX_BYTES:
        return f"body of {size} bytes, the limit is {MAX_BYTES}"
    if len(body) < size:
        return f"body of {len(body)} bytes where the header says {size}"
    if not body.endswith(b"\n"):
        return "body does not end with a newline"
    lines = body.count(b"\n")
    return f"{lines} lines, the limit is {MAX_LINES}" if lines > MAX_LINES else None


def check(batch: Batch, public: bytes) -> SealFault | None:
    """Hold a batch against its own hash and a gateway's public key; None means that the seal is whole."""
    if batch.gateway != fingerprint(public):
        return SealFault.FOREIGN_KEY
    digest = batch_hash(
        org=batch.org, gateway=batch.gateway, run=batch.run, seq=batch.seq, prev=batch.prev, body=batch.body
    )
    if digest.hex() != batch.hash:
        return SealFault.HASH
    signature = urlsafe_b64decode(batch.sig + "==")
    return None if signed_by(public, b"cc1-sig\n" + digest, signature) else SealFault.SIGNATURE


def sign_document(key: Key, kind: str, payload: bytes) -> str:
    """Sign a document of a named kind (a watch bundle, a checkpoint); a signature never serves another kind."""
    return urlsafe_b64encode(key.sign(_document(kind, payload))).rstrip(b"=").decode()


def verify_document(public: bytes, kind: str, payload: bytes, signature: str) -> bool:
    """Tell whether `sign_document` with the key of `public` made this signature."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{86}", signature):
        return False
    return signed_by(public, _document(kind, payload), urlsafe_b64decode(signature + "=="))


def _document(kind: str, payload: bytes) -> bytes:
    return b"cc1-doc\n" + kind.encode() + b"\n" + sha256(payload).digest()

"""The `cc1` seal: one signed, chained batch of line protocol (specified in docs/wire.md)."""

import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair, randombytes
from nacl.exceptions import BadSignatureError

from coldchain.errors import InvalidInput

GENESIS = "0" * 64
MAX_LINES = 5000
MAX_BYTES = 1 << 20
MAX_SEQ = 2**63 - 1

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_SIGNATURE = r"[A-Za-z0-9_-]{85}[AQgw]"  # 64 bytes; the last letter carries two bits, so four of it remain
HEADER = (
    rf"# cc1 org=({_NAME}) gateway=([0-9a-f]{{32}}) run=({_NAME}) seq=([1-9][0-9]{{0,18}})"
    rf" len=([1-9][0-9]{{0,7}}) prev=([0-9a-f]{{64}}) hash=([0-9a-f]{{64}}) sig=({_SIGNATURE})\n"
)
"""The pattern of the line before a body: org, gateway, run, seq, len, prev, hash, sig."""
_HEADER = re.compile(HEADER.encode())
_MAX_HEADER = 600
_URLSAFE = bytes.maketrans(b"-_", b"+/")
_VALID_NAME = re.compile(_NAME)
_VALID_HASH = re.compile("[0-9a-f]{64}")


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


@lru_cache(maxsize=4096)
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
    """Bytes where a batch should stand and does not, from `position` to the next line like a header."""

    reason: str
    position: int
    header: bytes


def batch_hash(  # noqa: PLR0913 - these are what the seal covers, no more and no less
    *, org: str, gateway: str, run: str, seq: int, prev: str, body: bytes
) -> bytes:
    """Compute the 32 raw bytes that the seal's `hash` shows in hexadecimal."""
    head = f"cc1\norg={org}\ngateway={gateway}\nrun={run}\nseq={seq}\nprev={prev}\nlen={len(body)}\n"
    digest = sha256(head.encode())
    digest.update(body)
    return digest.digest()


def seal(  # noqa: PLR0913 - likewise
    key: Key, *, org: str, run: str, seq: int, prev: str, body: bytes
) -> Batch:
    """Seal a body as number `seq` of a run whose batch before it has the hash `prev` (GENESIS for the first).

    Raises InvalidInput where a name, number or size breaks the wire's limits.
    """
    for name in (org, run):
        if not _VALID_NAME.fullmatch(name):
            raise InvalidInput(f"not a name for a seal: {name!r}")
    if not _VALID_HASH.fullmatch(prev):
        raise InvalidInput(f"not the hash of a batch: {prev!r}")
    if not 1 <= seq <= MAX_SEQ:
        raise InvalidInput(f"not a sequence number: {seq}")
    if not body.endswith(b"\n") or len(body) > MAX_BYTES or body.count(b"\n") > MAX_LINES:
        raise InvalidInput(f"not a body for a seal: {len(body)} bytes")
    digest = batch_hash(org=org, gateway=key.fingerprint, run=run, seq=seq, prev=prev, body=body)
    signature = _signature_text(key.sign(b"cc1-sig\n" + digest))
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
    """Frame a concatenation of batches; what cannot be framed is named, and the next header looked for.

    Framing trusts nothing: hash and signature are `check`'s work.
    """
    position = 0
    while position < len(data):
        framed, position = _batch_at(data, position)
        yield framed


def read_batch(data: bytes) -> Batch | BadBatch:
    """Frame the first of a concatenation of batches."""
    return _batch_at(data, 0)[0] if data else BadBatch(reason="", position=0, header=b"")


def _batch_at(data: bytes, position: int) -> tuple[Batch | BadBatch, int]:
    """What stands at a position, and where what follows it begins."""
    match = _HEADER.match(data, position)
    if match is None:
        return _unframed(data, position, "not a cc1 header")
    org, gateway, run, number, length, prev, digest, sig = match.groups()
    size, seq, start = int(length), int(number), match.end()
    body = data[start : start + min(size, MAX_BYTES)]
    reason = _body_fault(body, size)
    if reason or seq > MAX_SEQ:
        return _unframed(data, position, reason or "seq too large")
    batch = Batch(
        org=org.decode(),
        gateway=gateway.decode(),
        run=run.decode(),
        seq=seq,
        prev=prev.decode(),
        hash=digest.decode(),
        sig=sig.decode(),
        body=body,
    )
    return batch, start + size


def _unframed(data: bytes, position: int, reason: str) -> tuple[BadBatch, int]:
    header = data[position : position + _MAX_HEADER].partition(b"\n")[0]
    ahead = data.find(b"\n# cc1 ", position)
    bad = BadBatch(reason=reason, position=position, header=header)
    return bad, len(data) if ahead < 0 else ahead + 1


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
    signature = a2b_base64(batch.sig.encode().translate(_URLSAFE) + b"==")
    return None if signed_by(public, b"cc1-sig\n" + digest, signature) else SealFault.SIGNATURE


def _signature_text(signature: bytes) -> str:
    return urlsafe_b64encode(signature).rstrip(b"=").decode()


def sign_document(key: Key, kind: str, payload: bytes) -> str:
    """Sign a document of a named kind, such as a watch bundle; a signature serves no other kind."""
    return _signature_text(key.sign(_document(kind, payload)))


def verify_document(public: bytes, kind: str, payload: bytes, signature: str) -> bool:
    """Tell whether `sign_document` with the key of `public` made this signature."""
    if not re.fullmatch(_SIGNATURE, signature):
        return False
    return signed_by(public, _document(kind, payload), urlsafe_b64decode(signature + "=="))


def encode_public(public: bytes) -> str:
    """Write a public key as people and files carry it: standard base64, 44 characters."""
    return b64encode(public).decode()


def decode_public(text: str) -> bytes:
    """Read what `encode_public` wrote; raises InvalidInput for anything else."""
    try:
        public = b64decode(text, validate=True)
    except ValueError as fault:
        raise InvalidInput("a public key is 44 characters of base64") from fault
    if encode_public(public) != text or len(public) != 32:
        raise InvalidInput("a public key is 44 characters of base64")
    return public


def _document(kind: str, payload: bytes) -> bytes:
    return b"cc1-doc\n" + kind.encode() + b"\n" + sha256(payload).digest()

"""What is left of segments that were let go after the declared retention: signed stubs, one for each.

A stub carries the chain on, says who let go what and when, names the keys that the segment named, and the
snapshot of what later records rest on. Its form is specified in docs/ledger.md.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson

from coldchain.errors import IntegrityError
from coldchain.seal import Key, sign_document, verify_document
from coldchain_runtime.durable import write_file_atomic

_KIND = "ledger-stub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """One segment that is gone.

    previous, hash   what its first record built on, and the hash of its last one
    from_ms, to_ms   stamps of its first and last record
    sha256, size     of the segment's file
    keys, backend    public keys (base64) that it named, and those of the backend among them
    snapshot         file of the snapshot behind the last segment let go at that time, and its SHA-256
    """

    organisation: str
    segment: int
    first: int
    last: int
    previous: str
    hash: str
    from_ms: int
    to_ms: int
    size: int
    sha256: str
    keys: tuple[str, ...]
    backend: tuple[str, ...]
    expired_ms: int
    retention_days: int
    by: str
    reason: str
    snapshot: str
    snapshot_sha256: str
    signature: str = ""

    def signed_by(self, public: bytes) -> bool:
        """Whether the signature over everything else is that of a public key."""
        return verify_document(public, _KIND, _payload(self), self.signature)


def write_stub(directory: Path, key: Key, unsigned: Stub) -> None:
    """Sign a stub and put it beside the segments, durably. Raises OSError."""
    stub = replace(unsigned, signature=sign_document(key, _KIND, _payload(unsigned)))
    write_file_atomic(directory / f"{stub.segment:08d}.stub", orjson.dumps(asdict(stub)) + b"\n")


def read_stubs(directory: Path) -> Sequence[Stub]:
    """All stubs of a ledger's folder by segment. Raises IntegrityError for a file that is none."""
    return [_read(path) for path in sorted(directory.glob("*.stub"))]


def _read(path: Path) -> Stub:
    try:
        fields = orjson.loads(path.read_bytes())
        stub = Stub(**{**fields, "keys": tuple(fields["keys"]), "backend": tuple(fields["backend"])})
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise IntegrityError(f"{path.name}: not a stub: {error!r}") from error
    if path.name != f"{stub.segment:08d}.stub":
        raise IntegrityError(f"{path.name}: the stub of segment {stub.segment}")
    return stub


def _payload(stub: Stub) -> bytes:
    fields = asdict(stub)
    del fields["signature"]
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)

"""The hash chain: sha256(hash of the record before ‖ header without its hash ‖ payload)."""

from hashlib import sha256

from coldchain_backend.ledger.records import Kind, NewRecord, Record

VERSION = b"ccl1"


def genesis(organisation: str) -> bytes:
    """What the first record's hash builds on: it binds the chain to its organisation."""
    return sha256(b"ccl1 organisation=" + organisation.encode() + b"\n").digest()


def unhashed_header(offset: int, kind: Kind, received_ms: int, length: int) -> bytes:
    """The header as it goes into the hash."""
    return b"%b %d %b %d %d\n" % (VERSION, offset, kind.value.encode(), received_ms, length)


def link(previous: bytes, header: bytes, payload: bytes) -> bytes:
    """Raw hash of a record. `header` is `unhashed_header`."""
    digest = sha256(previous + header)
    digest.update(payload)
    return digest.digest()


def place(new: NewRecord, previous: bytes, offset: int, received_ms: int) -> Record:
    """The record at its place in the chain, behind the record whose raw hash is `previous`."""
    header = unhashed_header(offset, new.kind, received_ms, len(new.payload))
    return Record(
        offset=offset,
        kind=new.kind,
        received_ms=received_ms,
        payload=new.payload,
        hash=link(previous, header, new.payload).hex(),
    )


def encode(record: Record) -> bytes:
    """The record as it stands in a segment file."""
    header = unhashed_header(record.offset, record.kind, record.received_ms, len(record.payload))
    return b"%b %b\n%b\n" % (header[:-1], record.hash.encode(), record.payload)

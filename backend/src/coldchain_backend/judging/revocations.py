"""Acts that revoke keys, and from when on what a key said does not count."""

from collections.abc import Mapping
from dataclasses import dataclass

from coldchain_backend.ledger import ActName, Kind, Record, read_json, revoked_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """An act of the ledger that revokes a key: what was received from `from_ms` on does not count.

    number, at_ms   the act's record and its stamp; `from_ms` is never behind it
    key             fingerprint
    """

    number: int
    key: str
    from_ms: int
    at_ms: int
    by: str
    reason: str


def revocation_of(record: Record) -> Revocation | None:
    """The revocation that a record is; None for any other record. It never reaches into the future."""
    if record.kind is not Kind.ACT:
        return None
    act = read_json(record.payload)
    if act.get("act") != ActName.REVOKE.value or not isinstance(act.get("key"), str):
        return None
    return Revocation(
        number=record.offset,
        key=str(act["key"]),
        from_ms=revoked_from(act, record.received_ms),
        at_ms=record.received_ms,
        by=str(act.get("by", "")),
        reason=str(act.get("reason", "")),
    )


def with_revocation(revoked: Mapping[str, int], act: Revocation) -> dict[str, int]:
    """Keys and from when on they are revoked, with one more act; the earliest counts."""
    return {**revoked, act.key: min(act.from_ms, revoked.get(act.key, act.from_ms))}

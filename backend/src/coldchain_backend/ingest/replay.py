"""From the ledger back to what ingest must know: keys, numbers, when each gateway was last heard."""

from coldchain.errors import IntegrityError, InvalidInput
from coldchain.seal import Batch, read_batches
from coldchain_backend.fleet import version_of
from coldchain_backend.ingest.keys import AdmittedBy, GatewayKeys, public_key
from coldchain_backend.ingest.sequences import Sequences
from coldchain_backend.ledger import (
    ActName,
    Json,
    Kind,
    Ledger,
    Record,
    declared,
    read_json,
    revoked_from,
    split_batch,
)

CHUNK = 2000


def replay(
    ledger: Ledger, after: int, *, keys: GatewayKeys, sequences: Sequences, heard_ms: dict[str, int]
) -> int:
    """Read all records behind `after`; gives the offset of the last one."""
    while records := ledger.read(after, CHUNK):
        if records[0].offset != after + 1:
            raise IntegrityError(
                f"record {after + 1} was let go: `coldchain-backend rebuild` goes on behind it"
            )
        for record in records:
            _take(record, keys, sequences, heard_ms)
        after = records[-1].offset
    return after


def _take(record: Record, keys: GatewayKeys, sequences: Sequences, heard_ms: dict[str, int]) -> None:
    if record.kind is Kind.BATCH:
        meta, encoded = split_batch(record.payload)
        heard_ms[meta.gateway] = record.received_ms
        for batch in read_batches(encoded):
            if isinstance(batch, Batch):
                sequences.take(batch, declared(batch))
    elif record.kind is Kind.FLEET:
        plan = version_of(offset=record.offset, received_ms=record.received_ms, payload=record.payload).plan
        keys.follow_fleet([(gateway.name, gateway.key) for gateway in plan.gateways], record.received_ms)
    elif record.kind is Kind.ACT:
        _take_act(read_json(record.payload), record.received_ms, keys, sequences)


def _take_act(act: dict[str, Json], at_ms: int, keys: GatewayKeys, sequences: Sequences) -> None:
    name, key = str(act.get("gateway", "")), str(act.get("key", ""))
    match act.get("act"):
        case ActName.ENROL.value:
            try:
                keys.admit(name, public_key(key), AdmittedBy.CODE, at_ms)
            except InvalidInput:
                return
        case ActName.REVOKE.value:
            keys.revoke(key, revoked_from(act, at_ms), str(act.get("reason", "")))
        case ActName.DECLARE_LOST.value:
            first, last = act.get("first"), act.get("last")
            if isinstance(first, int) and isinstance(last, int):
                sequences.declare_lost(key, str(act.get("run", "")), first, last)

"""What ingest knows of the ledger, written down so that a start need not read all of it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from coldchain.errors import InvalidInput
from coldchain.seal import encode_public
from coldchain_backend.ingest.hashes import WIDTH
from coldchain_backend.ingest.keys import AdmittedBy, GatewayKey, GatewayKeys, public_key
from coldchain_backend.ingest.sequences import RunState, Sequences
from coldchain_backend.ledger import Interval, Json, Run
from coldchain_runtime.durable import write_file_atomic

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Keys in force and past, and the ledger's offset up to which they and the runs are known."""

    offset: int
    keys: Sequence[GatewayKey]


def save(path: Path, organisation: str, offset: int, keys: GatewayKeys, sequences: Sequences) -> None:
    """Write the snapshot durably; the hashes that it stands for must be synced before."""
    document = {
        "format": FORMAT,
        "organisation": organisation,
        "offset": offset,
        "keys": [_key_document(key) for key in keys],
        "runs": [
            [gateway, run, state.named_head, sorted(other.hex() for other in state.others), _intervals(state)]
            for gateway, run, state in sequences.items()
        ],
    }
    write_file_atomic(path, orjson.dumps(document))


def load(path: Path, organisation: str, sequences: Sequences) -> Known:
    """Fill `sequences` from the snapshot; without a readable one nothing is known and all is read again."""
    try:
        document = orjson.loads(path.read_bytes())
        if document["format"] != FORMAT or document["organisation"] != organisation:
            raise ValueError("another format or organisation")
        keys = [_key_of(stored) for stored in document["keys"]]
        runs = [(gateway, run, _state_of(stored)) for gateway, run, *stored in document["runs"]]
        offset = int(document["offset"])
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError, InvalidInput):
        return Known(offset=0, keys=())
    for gateway, run, state in runs:
        sequences.restore(gateway, run, state)
    return Known(offset=offset, keys=keys)


def _key_document(key: GatewayKey) -> Json:
    return {
        "name": key.name,
        "public": encode_public(key.public),
        "by": key.by.value,
        "admitted_ms": key.admitted_ms,
        "revoked_ms": key.revoked_ms,
        "reason": key.reason,
    }


def _key_of(stored: dict[str, Json]) -> GatewayKey:
    revoked, admitted = stored["revoked_ms"], stored["admitted_ms"]
    return GatewayKey(
        name=str(stored["name"]),
        public=public_key(str(stored["public"])),
        by=AdmittedBy(str(stored["by"])),
        admitted_ms=admitted if isinstance(admitted, int) else 0,
        revoked_ms=revoked if isinstance(revoked, int) else None,
        reason=str(stored["reason"]),
    )


def _intervals(state: RunState) -> Json:
    return [[one.first, one.last, one.prev, one.hash] for one in state.run.intervals]


def _state_of(stored: Sequence[object]) -> RunState:
    named_head, others, intervals = stored
    if not isinstance(others, list) or not isinstance(intervals, list):
        raise TypeError("not a stored run")
    run = Run(
        Interval(first=first, last=last, prev=prev, hash=hash_) for first, last, prev, hash_ in intervals
    )
    return RunState(
        run=run,
        named_head=named_head if isinstance(named_head, int) else None,
        others={bytes.fromhex(other)[:WIDTH] for other in others},
    )

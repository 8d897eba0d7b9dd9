"""Which public keys a ledger names: in fleet versions, enrolments and the service's start marks."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from coldchain.errors import IntegrityError
from coldchain_backend.ledger.records import Json, Kind, MarkName, read_json
from coldchain_backend.ledger.segments import (
    HEADER,
    HEADER_BYTES,
    MAX_PAYLOAD,
    Damage,
    open_segment,
    read_start,
)


@dataclass(slots=True, kw_only=True)
class NamedKeys:
    """Public keys (32 bytes): all of them, and those of the backend among them."""

    all: set[bytes] = field(default_factory=set)
    backend: set[bytes] = field(default_factory=set)

    def join(self, other: "NamedKeys") -> None:
        """Take over what another part of the ledger names."""
        self.all |= other.all
        self.backend |= other.backend


def named_keys(segment: Path) -> NamedKeys:
    """The keys that the records of one segment name, as far as its records can be walked.

    Nothing is checked here but the framing: what is damaged is named by the inspection.
    """
    found = NamedKeys()
    for kind, payload in _small_records(segment):
        try:
            fields = read_json(payload)
        except IntegrityError:
            continue
        keys = set(_keys_in(kind, fields))
        found.all |= keys
        if kind is Kind.MARK and fields.get("mark") == MarkName.START:
            found.backend |= keys
    return found


def _small_records(segment: Path) -> Iterator[tuple[Kind, bytes]]:
    """Every record but batches, over whose bytes the walk jumps."""
    try:
        _, place = read_start(segment)
    except Damage:
        return
    with open_segment(segment) as file:
        file.seek(place.position)
        while (match := HEADER.fullmatch(file.readline(HEADER_BYTES))) is not None:
            kind, length = Kind(match[2].decode()), int(match[4])
            if length > MAX_PAYLOAD:
                return
            if kind is Kind.BATCH:
                file.seek(length + 1, 1)
            else:
                yield kind, file.read(length + 1)[:length]


def _keys_in(kind: Kind, fields: dict[str, Json]) -> Iterator[bytes]:
    values: list[Json] = [fields.get("key")]
    if kind is Kind.FLEET:
        plan = fields.get("plan")
        gateways = plan.get("gateways") if isinstance(plan, dict) else None
        rows = gateways if isinstance(gateways, list) else []
        values = [row.get("key") for row in rows if isinstance(row, dict)]
    for value in values:
        public = _public(value)
        if public is not None:
            yield public


def _public(value: Json) -> bytes | None:
    if not isinstance(value, str):
        return None
    try:
        public = b64decode(value, validate=True)
    except ValueError:
        return None
    return public if len(public) == 32 else None

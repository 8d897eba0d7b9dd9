"""What gateways seal, and when it arrives: numbered by the sealing, whatever the order of arrival."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from coldchain.errors import InvalidInput
from coldchain.lineprotocol import FieldValue, encode
from coldchain.quantities import QUANTITIES
from coldchain.seal import GENESIS, Batch, Key, seal
from coldchain_backend.ledger import BatchMeta, Grade, batch_record
from coldchain_backend.ruletests.steps import Put, Step

MAX_BATCHES = 200_000


@dataclass(slots=True, kw_only=True)
class Draft:
    """What a gateway seals at one instant; `arrives_ms` None: it never does."""

    sealed_ms: int
    arrives_ms: int | None
    lines: list[bytes] = field(default_factory=list)
    declares: tuple[int, int] | None = None


def arrivals(organisation: str, gateway: str, drafts: list[Draft]) -> Iterator[Step]:
    """The batches of a gateway as they come into the ledger; `drafts` are put into the order of sealing."""
    drafts.sort(key=lambda draft: draft.sealed_ms)
    key, prev, run = Key.from_seed(sha256(gateway.encode()).digest()), GENESIS, f"run-{gateway}"
    sealed: list[Batch] = []
    for number, draft in enumerate(drafts, start=1):
        lines = draft.lines
        if draft.declares is not None:
            lines = [_hole(drafts, sealed, run, draft)]
        body = b"".join(line + b"\n" for line in lines)
        batch = seal(key, org=organisation, run=run, seq=number, prev=prev, body=body)
        prev = batch.hash
        sealed.append(batch)
        if draft.arrives_ms is not None:
            meta = BatchMeta(gateway=gateway, run=run, seq=number, grade=Grade.SEALED)
            yield Step(at_ms=draft.arrives_ms, action=Put(record=batch_record(meta, batch.encode())))


def reading_line(sensor: str, quantity: str, value: float, time_ms: int) -> bytes:
    """One value as a line; raises InvalidInput for a quantity that nobody knows."""
    known = QUANTITIES.get(quantity)
    if known is None:
        raise InvalidInput(f"unknown quantity {quantity!r}; known are {', '.join(sorted(QUANTITIES))}")
    said: FieldValue = value
    if known.kind != "float":
        said = bool(value) if known.kind == "bool" else int(value)
    return encode("reading", {"sensor": sensor}, {quantity: said}, time_ms)


def _hole(drafts: list[Draft], sealed: list[Batch], run: str, at: Draft) -> bytes:
    begin_ms, end_ms = at.declares or (0, 0)
    lost = [n for n, one in enumerate(drafts[: len(sealed)], start=1) if begin_ms <= one.sealed_ms < end_ms]
    if not lost:
        raise InvalidInput("nothing was sealed in the time that is declared lost")
    fields: dict[str, FieldValue] = {
        "first": lost[0],
        "last": lost[-1],
        "hash": sealed[lost[-1] - 1].hash,
        "reason": "lost",
    }
    return encode("hole", {"run": run}, fields, at.sealed_ms)

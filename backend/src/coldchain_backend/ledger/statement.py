"""The daily checkpoint that leaves the house: the log's head and every gateway's last number, signed.

Kept elsewhere it shows what the ledger's folder alone cannot: that its end was cut off or written anew.
Its form is specified in docs/ledger.md.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson

from coldchain.errors import InvalidInput
from coldchain.seal import Key, encode_public, sign_document, verify_document
from coldchain_backend.ledger.checkpoints import Checkpoint

FORMAT: Final = 1
EVENT: Final = "ledger.checkpoint"
"""Type of the webhook that carries it."""

_KIND: Final = "checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last number of a gateway's run and its hash.

    key    fingerprint of the gateway's key
    held   the highest number below which nothing is missing or undeclared
    hash   of batch `seq`; empty where that number was declared never to come
    """

    gateway: str
    key: str
    run: str
    seq: int
    held: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is sent out. `signature` covers everything else, `backend_key` (base64) included."""

    log: Checkpoint
    heads: tuple[Head, ...]
    backend_key: str
    signature: str = ""

    def fields(self) -> dict[str, object]:
        """The document without its signature."""
        return {
            "format": FORMAT,
            "kind": "coldchain-checkpoint",
            "log": asdict(self.log),
            "gateways": [asdict(head) for head in self.heads],
            "backend_key": self.backend_key,
        }

    def signed_by(self, public: bytes) -> bool:
        """Whether the signature is that of a public key."""
        return verify_document(public, _KIND, _bytes(self.fields()), self.signature)

    def encode(self) -> bytes:
        """The document as it is sent."""
        return _bytes({**self.fields(), "signature": self.signature})


def make_statement(key: Key, log: Checkpoint, heads: Sequence[Head]) -> Statement:
    """Sign the head of the log, which carries its own signature, together with those of the gateways."""
    unsigned = Statement(log=log, heads=tuple(heads), backend_key=encode_public(key.public))
    signature = sign_document(key, _KIND, _bytes(unsigned.fields()))
    return Statement(log=log, heads=unsigned.heads, backend_key=unsigned.backend_key, signature=signature)


def read_statement(data: bytes, name: str) -> Statement:
    """Read a checkpoint as it was sent out, or the body of the webhook that brought it.

    Raises InvalidInput, beginning with `name`, for anything else.
    """
    try:
        fields = orjson.loads(data)
        if fields.get("type") == EVENT:
            fields = fields["data"]
        if fields["format"] != FORMAT or fields["kind"] != "coldchain-checkpoint":
            raise InvalidInput(f"{name}: a checkpoint of another format")
        log = fields["log"]
        return Statement(
            log=Checkpoint(
                organisation=str(log["organisation"]),
                offset=int(log["offset"]),
                hash=str(log["hash"]),
                at_ms=int(log["at_ms"]),
                signature=str(log["signature"]),
            ),
            heads=tuple(_head(one) for one in fields["gateways"]),
            backend_key=str(fields["backend_key"]),
            signature=str(fields["signature"]),
        )
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"{name}: not a checkpoint: {error!r}") from error


def load_statement(path: Path) -> Statement:
    """Read a checkpoint from a file; raises InvalidInput or OSError."""
    return read_statement(path.read_bytes(), str(path))


def _head(fields: dict[str, object]) -> Head:
    return Head(
        gateway=str(fields["gateway"]),
        key=str(fields["key"]),
        run=str(fields["run"]),
        seq=int(str(fields["seq"])),
        held=int(str(fields["held"])),
        hash=str(fields["hash"]),
    )


def _bytes(fields: dict[str, object]) -> bytes:
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)

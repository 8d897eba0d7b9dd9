"""docs/wire.md is enough to read the wire: a reader made from its text agrees with its vectors and with ours.

The reader below takes the standard library for frames and hashes, PyNaCl for signatures, and nothing of ours.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from coldchain import seal as ours
from coldchain.lineprotocol import BadLine, parse
from coldchain.readings import Quality
from coldchain.watch import open_envelope

PAGE = (Path(__file__).parents[3] / "docs" / "wire.md").read_text(encoding="utf-8")
KEYS = ["org", "gateway", "run", "seq", "len", "prev", "hash", "sig"]


def vector(name: str) -> bytes:
    found = re.search(rf"^```\w+ {name}\n(.*?)^```$", PAGE, re.M | re.S)
    assert found, f"docs/wire.md has no vector {name}"
    return found[1].encode()


def cell(name: str) -> str:
    found = re.search(rf"^\| {name} \| `([^`]+)` \|$", PAGE, re.M)
    assert found, f"docs/wire.md does not tell the {name}"
    return found[1]


def frames(data: bytes) -> list[tuple[dict[str, str], bytes]]:
    read = []
    while data:
        header, _, rest = data.partition(b"\n")
        words = header.decode("ascii").split(" ")
        assert words[:2] == ["#", "cc1"]
        pairs = [word.split("=", 1) for word in words[2:]]
        assert [name for name, _ in pairs] == KEYS
        values = dict(pairs)
        length = int(values["len"])
        read.append((values, rest[:length]))
        assert len(read[-1][1]) == length
        data = rest[length:]
    return read


def hash_of(values: dict[str, str], body: bytes) -> bytes:
    names = ("org", "gateway", "run", "seq", "prev", "len")
    head = "cc1\n" + "".join(f"{name}={values[name]}\n" for name in names)
    return hashlib.sha256(head.encode("ascii") + body).digest()


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_key_of_the_vectors() -> None:
    public = SigningKey(bytes.fromhex(cell("seed"))).verify_key.encode()
    assert public.hex() == cell("public key")
    assert base64.b64encode(public).decode() == cell("public key, base64")
    assert hashlib.sha256(public).hexdigest()[:32] == cell("fingerprint")


def test_the_vectors_hold_for_a_reader_made_from_the_page() -> None:
    public = VerifyKey(bytes.fromhex(cell("public key")))
    previous = "0" * 64
    for number, (values, body) in enumerate(frames(vector("first") + vector("second")), start=1):
        digest = hash_of(values, body)
        assert (values["seq"], values["prev"], values["hash"]) == (str(number), previous, digest.hex())
        assert values["gateway"] == cell("fingerprint")
        public.verify(b"cc1-sig\n" + digest, unpadded(values["sig"]))
        previous = values["hash"]


def test_a_changed_vector_does_not_hold_for_that_reader() -> None:
    ((values, body),) = frames(vector("first"))
    changed = hash_of(values, body.replace(b"4.21", b"4.22"))
    assert changed.hex() != values["hash"]
    try:
        VerifyKey(bytes.fromhex(cell("public key"))).verify(b"cc1-sig\n" + changed, unpadded(values["sig"]))
    except BadSignatureError:
        return
    raise AssertionError("a foreign signature held")


def test_our_code_makes_the_vectors_byte_for_byte() -> None:
    key = ours.Key.from_seed(bytes.fromhex(cell("seed")))
    previous = ours.GENESIS
    for name in ("first", "second"):
        ((values, body),) = frames(vector(name))
        made = ours.seal(
            key, org=values["org"], run=values["run"], seq=int(values["seq"]), prev=previous, body=body
        )
        assert made.encode() == vector(name)
        previous = made.hash


def test_our_code_reads_the_vectors() -> None:
    batches = list(ours.read_batches(vector("first") + vector("second")))
    public = bytes.fromhex(cell("public key"))
    assert [isinstance(batch, ours.Batch) and ours.check(batch, public) for batch in batches] == [None, None]
    lines = [line for batch in batches if isinstance(batch, ours.Batch) for line in parse(batch.body)]
    assert not [line for line in lines if isinstance(line, BadLine)]


def test_the_watch_envelope_of_the_page() -> None:
    data = vector("watch")
    envelope = json.loads(data)
    payload = envelope["payload"].encode()
    signed = b"cc1-doc\nwatch\n" + hashlib.sha256(payload).digest()
    public = base64.b64decode(envelope["public_key"])
    VerifyKey(public).verify(signed, unpadded(envelope["signature"]))
    assert envelope["key"] == hashlib.sha256(public).hexdigest()[:32] == cell("fingerprint")
    bundle = open_envelope(data, cell("fingerprint"))
    assert bundle.version == json.loads(payload)["version"]


def test_the_page_names_the_limits_and_qualities_of_the_code() -> None:
    assert f"{ours.MAX_LINES:,}".replace(",", " ") in PAGE
    assert f"{ours.MAX_BYTES:,}".replace(",", " ") in PAGE
    for quality in set(Quality) - {Quality.GOOD}:
        assert f"`{quality}`" in PAGE

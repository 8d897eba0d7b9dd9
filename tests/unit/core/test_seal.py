"""The seal: every changed bit is found, every concatenation is framed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain.seal import (
    GENESIS,
    MAX_BYTES,
    MAX_LINES,
    BadBatch,
    Batch,
    Key,
    SealFault,
    check,
    decode_public,
    encode_public,
    fingerprint,
    read_batch,
    read_batches,
    seal,
    sign_document,
    signed_by,
    verify_document,
)
from support.soak import rounds

KEY = Key.from_seed(bytes(range(32)))
OTHER = Key.from_seed(bytes(32))
BODY = b"reading,sensor=a temperature=4.21 1795376523000\nreading,sensor=b temperature=0.0 1795376523000\n"
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
BODIES = st.lists(
    st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), min_size=1, max_size=6
).map(lambda lines: b"\n".join(lines) + b"\n")
BATCHES = st.builds(
    lambda org, run, seq, prev, body: seal(KEY, org=org, run=run, seq=seq, prev=prev, body=body),
    NAMES,
    NAMES,
    st.integers(1, 2**63 - 1),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    BODIES,
)
ONE = seal(KEY, org="demo", run="r1", seq=1, prev=GENESIS, body=BODY)


def whole(data: bytes) -> list[Batch]:
    return [
        batch for batch in read_batches(data) if isinstance(batch, Batch) and check(batch, KEY.public) is None
    ]


@given(st.lists(BATCHES, max_size=5))
def test_any_concatenation_is_framed(batches: list[Batch]) -> None:
    framed = list(read_batches(b"".join(batch.encode() for batch in batches)))
    assert framed == batches
    assert all(check(batch, KEY.public) is None for batch in batches)


@settings(max_examples=rounds(25, 600))
@given(BATCHES, st.data())
def test_a_changed_bit_is_found_wherever_it_is(batch: Batch, data: st.DataObject) -> None:
    sealed = batch.encode()
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    changed = bytearray(sealed)
    changed[bit // 8] ^= 1 << bit % 8
    assert whole(bytes(changed)) == []


def test_every_single_bit_of_a_batch_is_covered() -> None:
    sealed = ONE.encode()
    for bit in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        assert whole(bytes(changed)) == [], f"bit {bit % 8} of byte {bit // 8}"


@given(st.binary(max_size=300))
def test_any_bytes_are_framed_or_named(data: bytes) -> None:
    framed = list(read_batches(data))
    assert not data or read_batch(data) == framed[0]
    assert bool(framed) == bool(data)


JOINED = st.lists(
    st.one_of(
        BATCHES.map(Batch.encode),
        st.binary(max_size=40),
        st.sampled_from([b"\n", b"# cc1 ", b"\n# cc1 org=demo", ONE.encode()[:-1], ONE.encode()[:320]]),
        st.tuples(st.integers(0, 250), st.binary(min_size=1, max_size=1)).map(
            lambda change: ONE.encode()[: change[0]] + change[1] + ONE.encode()[change[0] + 1 :]
        ),
    ),
    max_size=6,
).map(b"".join)


@given(JOINED)
def test_batches_are_framed_as_line_by_line(data: bytes) -> None:
    assert list(read_batches(data)) == list(plainly(data))


def plainly(data: bytes) -> Iterator[Batch | BadBatch]:
    """Framing as docs/wire.md tells it, a header cut into its words."""
    position = 0
    while position < len(data):
        header = data[position:].partition(b"\n")[0]
        batch = batch_of(header, data[position + len(header) + 1 :])
        if batch is not None:
            yield batch
            position += len(header) + 1 + batch.length
            continue
        found = next(read_batches(data[position:]))
        assert isinstance(found, BadBatch)
        assert found.header == header[:600]
        yield replace(found, position=position)
        ahead = data.find(b"\n# cc1 ", position)
        position = len(data) if ahead < 0 else ahead + 1


def batch_of(header: bytes, behind: bytes) -> Batch | None:
    """The batch of a header and what follows it; None where either is not as it must be."""
    try:
        mark, version, *words = header.decode("ascii").split(" ")
        said = dict(word.split("=", 1) for word in words)
        length = int(said.pop("len"))
        batch = Batch(**{**said, "seq": int(said["seq"]), "body": behind[:length]})  # type: ignore[arg-type]
    except (ValueError, KeyError, TypeError):
        return None
    well = batch.encode().partition(b"\n")[0] == header and (mark, version) == ("#", "cc1")
    names = all(re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name) for name in (batch.org, batch.run))
    hashes = all(re.fullmatch("[0-9a-f]{64}", text) for text in (batch.prev, batch.hash))
    marks = re.fullmatch("[0-9a-f]{32}", batch.gateway) and re.fullmatch("[A-Za-z0-9_-]{85}[AQgw]", batch.sig)
    whole = 0 < length == batch.length <= MAX_BYTES and batch.body.endswith(b"\n")
    lines = batch.body.count(b"\n") <= MAX_LINES
    return batch if all((well, names, hashes, marks, whole, lines, 0 < batch.seq < 2**63)) else None


@given(st.integers(0, len(ONE.encode()) - 1))
def test_a_cut_batch_is_named_with_its_place(length: int) -> None:
    ahead = ONE.encode()
    framed = list(read_batches(ahead + ONE.encode()[:length]))
    assert framed[0] == ONE
    if length:
        assert isinstance(framed[1], BadBatch)
        assert framed[1].position == len(ahead)


@given(st.binary(max_size=100).filter(lambda junk: b"# cc1 " not in junk))
def test_a_broken_batch_does_not_take_the_next_with_it(junk: bytes) -> None:
    second = seal(KEY, org="demo", run="r1", seq=2, prev=ONE.hash, body=BODY)
    broken = ONE.encode().replace(b"len=", b"len=9", 1)
    assert whole(junk + b"\n" + ONE.encode() + broken + second.encode()) == [ONE, second]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"# cc1 ", b"# cc2 "),
        (b"org=demo", b"org="),
        (b"org=demo", b"org=-demo"),
        (b"seq=1", b"seq=01"),
        (b"seq=1", b"seq=0"),
        (b"seq=1", b"seq=9223372036854775808"),
        (b"len=95", b"len=095"),
        (b"len=95", b"len=0"),
        (b"len=95", b"len=94"),
        (b"len=95", b"len=1048577"),
        (b"prev=0", b"prev=g"),
        (b" sig=", b"  sig="),
        (b" hash=", b" Hash="),
    ],
)
def test_there_is_one_way_to_write_a_header(old: bytes, new: bytes) -> None:
    sealed = ONE.encode()
    assert old in sealed
    framed = next(iter(read_batches(sealed.replace(old, new, 1))))
    assert isinstance(framed, BadBatch)
    assert framed.reason


def test_the_unused_bits_of_a_signature_are_zero() -> None:
    sealed = ONE.encode()
    last = ONE.sig[-1]
    twin = {"A": "B", "Q": "R", "g": "h", "w": "x"}[last]
    assert isinstance(
        next(iter(read_batches(sealed.replace(ONE.sig.encode(), (ONE.sig[:-1] + twin).encode())))), BadBatch
    )


def test_more_lines_than_a_batch_may_have_are_not_framed() -> None:
    body = b"#\n" * (MAX_LINES + 1)
    header = ONE.encode().split(b"\n")[0].replace(b"len=95", b"len=%d" % len(body))
    (framed,) = read_batches(header + b"\n" + body)
    assert isinstance(framed, BadBatch)
    assert "5001 lines" in framed.reason


def test_faults_are_told_apart() -> None:
    assert check(ONE, KEY.public) is None
    assert check(ONE, OTHER.public) is SealFault.FOREIGN_KEY
    assert check(replace(ONE, body=BODY.replace(b"4.21", b"4.22")), KEY.public) is SealFault.HASH
    stolen = seal(OTHER, org="demo", run="r1", seq=1, prev=GENESIS, body=BODY).sig
    assert check(replace(ONE, sig=stolen), KEY.public) is SealFault.SIGNATURE


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"org": "two words"}, "name"),
        ({"run": ""}, "name"),
        ({"run": "a" * 65}, "name"),
        ({"seq": 0}, "number"),
        ({"seq": 2**63}, "number"),
        ({"prev": "0"}, "hash"),
        ({"prev": "G" * 64}, "hash"),
        ({"body": b""}, "body"),
        ({"body": b"no newline"}, "body"),
        ({"body": b"\n" * (MAX_LINES + 1)}, "body"),
        ({"body": b"x" * MAX_BYTES + b"\n"}, "body"),
    ],
)
def test_what_breaks_the_wire_is_not_sealed(changes: dict[str, str], message: str) -> None:
    given_ = {"org": "demo", "run": "r1", "seq": 1, "prev": GENESIS, "body": BODY, **changes}
    with pytest.raises(InvalidInput, match=message):
        seal(KEY, **given_)  # type: ignore[arg-type]  # one wrong thing after the other


def test_a_key_hides_itself_and_comes_back_from_its_seed() -> None:
    made = Key.generate()
    assert repr(made) == f"Key({made.fingerprint})"
    assert Key.from_seed(made.seed).public == made.public
    assert Key.generate().public != made.public
    assert made.fingerprint == fingerprint(made.public)
    with pytest.raises(InvalidInput, match="32 bytes"):
        Key.from_seed(b"short")


@given(st.binary(max_size=50), st.sampled_from(["watch", "checkpoint"]))
def test_a_document_is_signed_with_its_kind(payload: bytes, kind: str) -> None:
    signature = sign_document(KEY, kind, payload)
    assert verify_document(KEY.public, kind, payload, signature)
    assert not verify_document(KEY.public, kind + "x", payload, signature)
    assert not verify_document(KEY.public, kind, payload + b"x", signature)
    assert not verify_document(OTHER.public, kind, payload, signature)


@pytest.mark.parametrize(
    "signature",
    ["", "A" * 85, "A" * 87, "A" * 85 + "B", "=" * 86, "é" * 86],
)
def test_what_is_no_signature_verifies_nothing(signature: str) -> None:
    assert not verify_document(KEY.public, "watch", b"", signature)
    assert not signed_by(b"short", b"", b"")


def test_a_public_key_travels_as_text() -> None:
    assert decode_public(encode_public(KEY.public)) == KEY.public
    for text in (
        "",
        "A" * 43,
        "A" * 43 + "B",
        encode_public(KEY.public) + "\n",
        encode_public(b"short"),
        "é",
    ):
        with pytest.raises(InvalidInput, match="44 characters"):
            decode_public(text)

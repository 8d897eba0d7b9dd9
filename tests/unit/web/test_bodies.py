"""Request bodies that are packed: any members come back, what is cut or too large is told."""

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest
from fastapi import HTTPException, Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from coldchain_backend.web.bodies import IN_LOOP, MAX_BODY, MAX_UNPACKED, unpacked, whole_body

CONTENT = st.binary(max_size=2000)
ZEROS = bytes(1 << 20)


def packed(content: bytes, level: int = 9) -> bytes:
    return gzip.compress(content, level, mtime=0)


def request(parts: list[bytes], **headers: str) -> Request:
    """A request whose body comes in these parts."""

    async def messages() -> AsyncIterator[Message]:
        for part in parts:
            yield {"type": "http.request", "body": part, "more_body": True}
        yield {"type": "http.request", "body": b"", "more_body": False}

    coming = messages()

    async def receive() -> Message:
        return await anext(coming)

    names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": names}, receive)


def status_of(body: bytes) -> int:
    try:
        unpacked(body)
    except HTTPException as refused:
        return refused.status_code
    return 200


@given(st.lists(st.tuples(CONTENT, st.integers(0, 9)), max_size=6))
def test_members_come_back_one_behind_the_other(members: list[tuple[bytes, int]]) -> None:
    body = b"".join(packed(content, level) for content, level in members)
    assert unpacked(body) == b"".join(content for content, _ in members)


@given(CONTENT, CONTENT, st.data())
def test_a_body_that_is_cut_is_refused_whole(first: bytes, second: bytes, data: st.DataObject) -> None:
    whole, tail = packed(first), packed(second)
    kept = data.draw(st.integers(1, len(tail) - 1))
    assert status_of(tail[:kept]) == 400
    assert status_of(whole + tail[:kept]) == 400


@given(CONTENT, st.integers(0, 7), st.integers(1, 255))
def test_a_wrong_checksum_or_length_is_refused(content: bytes, behind: int, flip: int) -> None:
    body = bytearray(packed(content))
    body[-1 - behind] ^= flip
    assert status_of(bytes(body)) == 400


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_are_unpacked_or_refused(body: bytes) -> None:
    assert status_of(body) in (200, 400)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(zlib.compress(b"reading"), id="zlib"),
        pytest.param(b"reading,sensor=a temperature=4.5", id="plain"),
        pytest.param(packed(b"reading") + b"\0", id="padded"),
        pytest.param(packed(b"reading") + b"behind", id="garbage behind"),
    ],
)
def test_what_is_not_gzip_to_its_end_is_refused(body: bytes) -> None:
    assert status_of(body) == 400


def test_the_bound_holds_for_all_members_together() -> None:
    member = packed(ZEROS)
    most = MAX_UNPACKED // len(ZEROS)
    assert len(unpacked(member * most)) == MAX_UNPACKED
    assert status_of(member * most + packed(b"x")) == 413


async def test_a_plain_body_comes_as_it_is() -> None:
    body = packed(b"not to be unpacked")
    assert await whole_body(request([body[:5], body[5:]])) == body


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " gzip "])
async def test_a_packed_body_is_unpacked_across_its_parts(encoding: str) -> None:
    body = packed(b"reading")
    assert await whole_body(request([body[:3], body[3:]], content_encoding=encoding)) == b"reading"


async def test_a_large_packed_body_is_unpacked_too() -> None:
    body = packed(bytes(IN_LOOP + 1), level=0)
    assert len(body) > IN_LOOP
    assert await whole_body(request([body], content_encoding="gzip")) == bytes(IN_LOOP + 1)


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "x" * 500])
async def test_another_encoding_is_refused_in_few_words(encoding: str) -> None:
    with pytest.raises(HTTPException) as caught:
        await whole_body(request([b"x"], content_encoding=encoding))
    assert caught.value.status_code == 415
    assert len(caught.value.detail) < 100


@pytest.mark.parametrize("announced", ["0", "", "-1", "many", str(MAX_BODY)])
async def test_more_than_may_be_is_refused_whatever_was_announced(announced: str) -> None:
    with pytest.raises(HTTPException) as caught:
        await whole_body(request([ZEROS] * (MAX_BODY // len(ZEROS)) + [b"x"], content_length=announced))
    assert caught.value.status_code == 413


async def test_an_announced_flood_is_refused_before_it_comes_in() -> None:
    coming = request([], content_length=str(MAX_BODY + 1))
    with pytest.raises(HTTPException) as caught:
        await whole_body(coming)
    assert caught.value.status_code == 413
    assert await coming.body() == b""

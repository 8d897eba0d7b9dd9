"""Serial lines: cut, noisy, endless, and the ones that are meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import LineSplitter, SerialJson


def lines_of(pieces: list[bytes], max_line: int = 64) -> list[bytes | Refusal]:
    splitter = LineSplitter(max_line)
    found = [item for piece in pieces for item in splitter.feed(piece)]
    cut = splitter.drop()
    return found if cut is None else [*found, cut]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_every_end_of_line_ends_a_line(end: bytes) -> None:
    assert lines_of([b"one" + end + b"two" + end]) == [b"one", b"two"]


@given(
    st.lists(st.binary(max_size=20).filter(lambda b: b.strip() and not set(b) & {10, 13}), max_size=8),
    st.data(),
)
def test_lines_are_the_same_however_the_bytes_come(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(line + b"\r\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert lines_of(pieces) == lines


def test_a_line_that_was_cut_is_never_a_line() -> None:
    (cut,) = lines_of([b'{"temp":-18.5}'])
    assert isinstance(cut, Refusal)
    assert cut.reason is RefusalReason.UNTERMINATED


def test_a_line_that_never_ends_is_one_refusal_and_the_next_is_read() -> None:
    found = lines_of([b"x" * 50, b"x" * 50, b"x" * 50 + b"\n", b"next\n"])
    assert [item if isinstance(item, bytes) else item.reason for item in found] == [
        RefusalReason.TOO_LONG,
        b"next",
    ]


@given(st.lists(st.binary(max_size=100), max_size=30))
def test_the_splitter_holds_no_more_than_a_line(pieces: list[bytes]) -> None:
    for item in lines_of(pieces):
        assert isinstance(item, Refusal) or len(item) <= 64


@pytest.mark.parametrize(
    ("line", "sensor", "values"),
    [
        (
            b'{"id":"chiller-front","temp":4.21,"counter":17}',
            "chiller-front",
            {"temperature": 4.21, "counter": 17},
        ),
        (b'{"sensor":"a","temperature":"0.0"}', "a", {"temperature": 0.0}),
        (b'{"addr":28,"t":-18.5,"hum":40}', "28", {"temperature": -18.5, "humidity": 40.0}),
        (b'{"tempC":85}', "default", {"temperature": 85.0}),
    ],
)
def test_keys_of_many_sketches_are_known(line: bytes, sensor: str, values: dict[str, float]) -> None:
    (found,) = SerialJson("default").decode(line)
    assert isinstance(found, Sample)
    assert (found.sensor, dict(found.values)) == (sensor, values)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"chiller ready", RefusalReason.NOT_A_LINE),
        (b'{"id":"a","temp":-127}', RefusalReason.SENTINEL),
        (b'{"id":"a","temp":null}', RefusalReason.NO_READING),
        (b'{"id":"a"}', RefusalReason.NO_READING),
        (b'{"temp":4}', RefusalReason.NO_SENSOR),
        (b'{"id":"","temp":4}', RefusalReason.BAD_SENSOR),
        (b'{"id":"a","temp":4', RefusalReason.BAD_JSON),
        (b'{"id":"\xff","temp":4}', RefusalReason.NOT_UTF8),
    ],
)
def test_what_is_no_reading_is_refused_with_its_reason(line: bytes, reason: RefusalReason) -> None:
    (refusal,) = SerialJson().decode(line)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is reason


@given(st.binary(max_size=200))
def test_any_bytes_give_samples_or_refusals(line: bytes) -> None:
    for item in SerialJson().decode(b"{" + line):
        assert isinstance(item, Sample | Refusal)

"""Columns as text that PostgreSQL reads as arrays: what is written is read back by the server's own rules."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.sql.arrays import array_text
from coldchain_backend.sql.rows import Cell


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ([1, 2, -3], "{1,2,-3}"),
        ([1, None], "{1,NULL}"),
        ([0.1, 1e300, -0.0], "{0.1,1e+300,-0.0}"),
        ([True, False], "{True,False}"),
        (["a", "b"], '{"a","b"}'),
        (["", "NULL", " x "], '{"","NULL"," x "}'),
        (['a"b', "c"], r'{"a\"b","c"}'),
        (['"', '"'], r'{"\"","\""}'),
        (["a\\b", "冷库"], r'{"a\\b","冷库"}'),
        (["a,b", "{c}"], '{"a,b","{c}"}'),
        (["a", None], '{"a",NULL}'),
        ([b"\x00\xff", b""], r'{"\\x00ff","\\x"}'),
        ([None, None], "{NULL,NULL}"),
    ],
)
def test_a_column_is_written_as_the_server_reads_it(column: Sequence[Cell], text: str) -> None:
    assert array_text(column) == text


@given(st.lists(st.none() | st.text() | st.integers() | st.binary(), min_size=1, max_size=6))
def test_every_cell_of_a_mixed_column_is_read_back(column: list[Cell]) -> None:
    assert list(read(array_text(column))) == [told(cell) for cell in column]


@given(st.lists(st.text(alphabet='a"\\,{} \n'), min_size=1, max_size=6))
def test_no_text_ends_its_element_early(column: list[Cell]) -> None:
    assert list(read(array_text(column))) == column


def told(cell: Cell) -> str | None:
    """The text by which a value reaches the server's type."""
    if isinstance(cell, bytes):
        return "\\x" + cell.hex()
    return None if cell is None else str(cell)


def read(text: str) -> Iterator[str | None]:
    """The elements of an array by the rules of PostgreSQL's manual (8.15.6), one character at a time."""
    assert text[0] == "{"
    assert text[-1] == "}"
    element, quoted, within, escaped = "", False, False, False
    for one in text[1:-1] + ",":
        if escaped:
            element, escaped = element + one, False
        elif within and one == "\\":
            escaped = True
        elif one == '"':
            within, quoted = not within, True
        elif one == "," and not within:
            yield None if element == "NULL" and not quoted else element
            element, quoted = "", False
        else:
            element += one
    assert not within

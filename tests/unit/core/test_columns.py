"""Bodies taken column by column say what the strict reader says line by line, for any bytes."""

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from coldchain.columns import MAX_LAYOUTS, ParsedColumns, parse_columns
from coldchain.lineprotocol import BadLine, FieldValue, Line, is_reading, parse
from support.soak import rounds
from support.written_lines import BODIES, ODD_LINES, exactly

Said = tuple[str, int, tuple[tuple[str, tuple[type, FieldValue, float]], ...]]


def strictly(body: bytes) -> tuple[Counter[Said], list[Line], list[BadLine]]:
    """Readings, other lines and bad lines, by the strict way alone."""
    readings: Counter[Said] = Counter()
    others: list[Line] = []
    bad: list[BadLine] = []
    for line in parse(body):
        if isinstance(line, BadLine):
            bad.append(line)
        elif is_reading(line):
            said = tuple((name, exactly(value)) for name, value in line.fields.items())
            readings[line.tags["sensor"], line.time or 0, said] += 1
        else:
            others.append(line)
    return readings, others, bad


def told(parsed: ParsedColumns) -> Counter[Said]:
    """The readings of columns, one by one."""
    readings: Counter[Said] = Counter()
    for column in parsed.readings:
        assert all(len(values) == len(column.times) for values in column.fields.values())
        for index, time_ms in enumerate(column.times):
            said = tuple((name, exactly(values[index])) for name, values in column.fields.items())
            readings[column.sensor, time_ms, said] += 1
    return readings


LAYOUTS = [
    b"reading,sensor=%b temperature=%d.5 %d",
    b"reading,sensor=%b temperature=%d %d",
    b"reading,sensor=%b temperature=%di %d",
    b"reading,sensor=%b temperature=-%d.25e2,counter=17i %d",
    b"reading,sensor=%b counter=17i,temperature=%d.5 %d",
    b'reading,sensor=%b temperature=%d.5,quality="time-unsure" %d',
    b"reading,sensor=%b door_open=true,temperature=%d %d",
    b"reading,sensor=%b door_open=t,temperature=%d %d",
    b"reading,sensor=%b temperature=%d.5,temperature=4.5 %d",
    b"gateway,sensor=%b uptime=%di %d",
]
ALIKE = st.tuples(
    st.sampled_from(LAYOUTS),
    st.sampled_from([b"a", b"b", b"cold\\ room", "客厅".encode()]),
    st.integers(0, 99),
    st.integers(-(10**15), 10**15),
).map(lambda parts: parts[0] % parts[1:])
MIXED = st.lists(st.one_of(ALIKE, st.sampled_from(ODD_LINES)), max_size=30).map(b"\n".join)


@settings(max_examples=rounds(25, 20_000))
@given(st.one_of(BODIES, MIXED))
@example(b"reading,sensor=a temperature=4.21,counter=17i 1795376523000\n")
@example(b"reading,sensor=a temperature=-0.0 5\nreading,sensor=a door_open=true 5")
@example(b"reading,sensor=a t=1 5\r\nreading,sensor=a t=1 6\n\nnonsense\n")
def test_columns_equal_lines_for_any_bytes(body: bytes) -> None:
    parsed = parse_columns(body)
    assert (told(parsed), parsed.others, parsed.bad) == strictly(body)


def test_the_values_of_a_column_are_of_one_type() -> None:
    parsed = parse_columns(b"reading,sensor=a t=T 1\nreading,sensor=a t=+1 2\nreading,sensor=a t=.5 3\n")
    assert [[*map(type, column.fields["t"])] for column in parsed.readings] == [[bool], [float, float]]


def test_more_layouts_than_are_taken_at_once_are_read_strictly() -> None:
    body = b"".join(b"reading,sensor=a f%d=1 5\n" % number for number in range(MAX_LAYOUTS + 5))
    parsed = parse_columns(body)
    assert (told(parsed), parsed.others, parsed.bad) == strictly(body)
    assert len(parsed.readings) == MAX_LAYOUTS + 5

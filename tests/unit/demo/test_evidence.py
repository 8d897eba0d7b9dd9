"""The demonstration's own reader finds what is missing, doubled, unknown or changed."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.evidence import BrokenLedger, Name, Truth, compare, from_ledger, read_truth

LINES = (
    "reading,sensor=chiller-front temperature=4.21,counter=17i 1795376523000",
    "reading,sensor=配送车/前 battery=100,counter=3i,temperature=5.0 1795376523000",
    r"reading,sensor=cold\ room\,\ 1 counter=1i,temperature=-18.5 1795376523000",
    "gateway outbox_batches=0i 1795376523000",
    'reading,sensor=no-number temperature=1.0,quality="good" 1795376523000',
)


def truth(sensor: str, counter: int, transport: str = "mqtt") -> Truth:
    return Truth(transport=transport, sensor=sensor, counter=counter, temperature=4.0, time_ms=0)


def write_ledger(folder: Path, payloads: list[tuple[str, bytes]], organisation: str = "demo") -> Path:
    previous = hashlib.sha256(f"ccl1 organisation={organisation}\n".encode()).digest()
    data = f"ccl1-segment organisation={organisation} first=1 previous={previous.hex()}\n".encode()
    for offset, (kind, payload) in enumerate(payloads, start=1):
        header = f"ccl1 {offset} {kind} {1795376523000 + offset} {len(payload)}"
        previous = hashlib.sha256(previous + header.encode() + b"\n" + payload).digest()
        data += f"{header} {previous.hex()}\n".encode() + payload + b"\n"
    segment = folder / organisation / "00000001.seg"
    segment.parent.mkdir(parents=True, exist_ok=True)
    segment.write_bytes(data)
    return segment


def batch(*lines: str) -> tuple[str, bytes]:
    return "batch", ("{}\n# cc1 org=demo\n" + "\n".join(lines) + "\n").encode()


def test_readings_are_found_in_batches_and_other_lines_are_passed_over(tmp_path: Path) -> None:
    write_ledger(
        tmp_path, [("mark", b'{"mark":"start"}'), batch(*LINES), ("act", b"reading,sensor=x counter=1i")]
    )
    assert list(from_ledger(tmp_path, "demo")) == [
        Name("chiller-front", 17),
        Name("配送车/前", 3),
        Name("cold room, 1", 1),
    ]


@given(place=st.integers(0, 10_000), change=st.integers(1, 255))
def test_any_changed_byte_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, place: int, change: int
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    segment = write_ledger(folder, [batch(*LINES), ("mark", b'{"mark":"alive"}'), batch(*LINES)])
    data = bytearray(segment.read_bytes())
    data[place % len(data)] ^= change
    segment.write_bytes(data)
    with pytest.raises((BrokenLedger, ValueError)):
        list(from_ledger(folder, "demo"))


def test_a_missing_record_is_noticed(tmp_path: Path) -> None:
    segment = write_ledger(tmp_path, [batch(LINES[0]), batch(LINES[1])])
    head, _, rest = segment.read_bytes().partition(b"ccl1 1 ")
    segment.write_bytes(head + b"ccl1 2 " + rest.split(b"\nccl1 2 ", 1)[1])
    with pytest.raises(BrokenLedger, match="no record 1"):
        list(from_ledger(tmp_path, "demo"))


def test_one_to_one_is_told_from_missing_doubled_and_unknown() -> None:
    given_out = [truth("a", 1), truth("a", 2), truth("b", 1, "serial"), truth("c", 1, "modbus")]
    mqtt, modbus, serial = sorted(
        compare(
            given_out, [Name("a", 1), Name("a", 1), Name("b", 1), Name("c", 1), Name("c", 2), Name("z", 9)]
        ),
        key=lambda tally: ("mqtt", "modbus", "serial").index(tally.transport),
    )
    assert (mqtt.read, mqtt.held, mqtt.doubled, mqtt.missing) == (2, 2, 1, frozenset({Name("a", 2)}))
    assert modbus.unknown == {Name("c", 2)}
    assert [mqtt.one_to_one, modbus.one_to_one, serial.one_to_one] == [False, False, True]


@given(names=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50)), unique=True, min_size=1))
def test_the_same_readings_in_any_order_are_one_to_one(names: list[tuple[str, int]]) -> None:
    given_out = [truth(*name) for name in names]
    assert all(tally.one_to_one for tally in compare(given_out, [Name(*name) for name in reversed(names)]))


def test_truth_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    assert read_truth(path) == []
    line = '{"transport": "mqtt", "sensor": "a", "counter": 1, "temperature": 4.0, "time_ms": 0}'
    path.write_text(line + "\n" + line[:20])
    assert read_truth(path) == [truth("a", 1)]

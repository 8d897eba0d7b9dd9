"""Line protocol and seal: lines per second, beside bare splitting, joining and hashing in the same run."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from bench.table import Row
from bench.timing import rate
from coldchain.columns import parse_columns
from coldchain.lineprotocol import encode_reading, parse
from coldchain.readings import Reading
from coldchain.seal import GENESIS, MAX_LINES, Batch, Key, check, read_batches, seal

KEY = Key.from_seed(bytes(range(32)))
START_MS = 1_795_376_523_000


def readings(count: int) -> list[Reading]:
    """Temperature and counter of fifty sensors in turn, as a gateway keeps them."""
    return [
        Reading(
            sensor=f"t7-{number % 50:02}",
            time_ms=START_MS + 200 * number,
            values={"temperature": round(4.0 + number % 137 / 100, 2), "counter": number},
        )
        for number in range(count)
    ]


def split(body: bytes) -> None:
    """The least that any reader does: three parts of each line, a number for the time."""
    read = []
    for line in body.decode().split("\n"):
        if line:
            key, fields, time = line.split(" ")
            read.append((key, fields, int(time)))


def joined(made: Sequence[Reading]) -> None:
    """The least that any writer does: one formatted line for each."""
    b"\n".join(
        [
            f"reading,sensor={r.sensor} temperature={r.values['temperature']},counter={r.values['counter']}i "
            f"{r.time_ms}".encode()
            for r in made
        ]
    )


def checked(data: bytes) -> None:
    for batch in read_batches(data):
        if not isinstance(batch, Batch) or check(batch, KEY.public) is not None:
            raise AssertionError("the seal does not hold")


def sealed(bodies: Sequence[bytes]) -> None:
    for number, body in enumerate(bodies, start=1):
        seal(KEY, org="demo", run="r1", seq=number, prev=GENESIS, body=body)


def measure() -> list[Row]:
    """Batches of the largest size, and of ten lines, where the header's cost shows."""
    made = readings(MAX_LINES)
    lines = [encode_reading(reading) + b"\n" for reading in made]
    body = b"".join(lines)
    tens = [b"".join(lines[first : first + 10]) for first in range(0, MAX_LINES, 10)]
    in_tens = b"".join(
        seal(KEY, org="demo", run="r1", seq=1, prev=GENESIS, body=ten).encode() for ten in tens
    )
    whole = seal(KEY, org="demo", run="r1", seq=1, prev=GENESIS, body=body).encode()
    splitting, hashing = rate(lambda: split(body), MAX_LINES), rate(lambda: sha256(body).digest(), MAX_LINES)
    joining = rate(lambda: joined(made), MAX_LINES)
    return [
        _row("read readings", rate(lambda: parse_columns(body), MAX_LINES), splitting, "lines/s split"),
        _row("read any lines", rate(lambda: list(parse(body)), MAX_LINES), splitting, "lines/s split"),
        _row(
            "write readings",
            rate(lambda: [encode_reading(r) for r in made], MAX_LINES),
            joining,
            "lines/s joined",
        ),
        _row("check a batch of 5000", rate(lambda: checked(whole), MAX_LINES), hashing, "lines/s hashed"),
        _row("check batches of 10", rate(lambda: checked(in_tens), MAX_LINES), hashing, "lines/s hashed"),
        _row("seal batches of 10", rate(lambda: sealed(tens), MAX_LINES), hashing, "lines/s hashed"),
    ]


def _row(name: str, value: float, baseline: float, baseline_name: str) -> Row:
    return Row(name=name, value=value, unit="lines/s", baseline=baseline, baseline_name=baseline_name)

"""What gateways send, made beforehand: a fleet of points, and sealed batches in gzip bodies."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field

from coldchain.seal import GENESIS, Key, encode_public, seal

ORGANISATION = "bench"
POINTS = 1_000
SPACING_MS = 150
"""Between two readings of a sensor: closer than in life, so that a run fits into the present."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How readings are sent: `batches` of `lines` in a request, from gateways with `sensors` each."""

    name: str
    lines: int
    batches: int
    requests: int
    sensors: int
    points: int = POINTS

    @property
    def readings(self) -> int:
        return self.lines * self.batches * self.requests

    @property
    def gateways(self) -> int:
        return self.points // self.sensors


@dataclass(slots=True)
class _Sender:
    """A gateway that seals what its sensors say, turn after turn."""

    name: str
    number: int
    sensors: int
    key: Key = field(default_factory=Key.generate)
    prev: str = GENESIS
    seq: int = 0
    said: int = 0

    def batch(self, lines: int, start_ms: int) -> bytes:
        """The next sealed batch."""
        body = b"".join(self._line(self.said + line, start_ms) for line in range(lines))
        self.said += lines
        self.seq += 1
        made = seal(
            self.key, org=ORGANISATION, run=f"run-{self.name}", seq=self.seq, prev=self.prev, body=body
        )
        self.prev = made.hash
        return made.encode()

    def _line(self, number: int, start_ms: int) -> bytes:
        turn, sensor = divmod(number, self.sensors)
        temperature = 4.0 + (turn % 60) / 30 + sensor / 1000
        return b"reading,sensor=s%05d temperature=%.2f,counter=%di %d\n" % (
            self.number * self.sensors + sensor, temperature, turn, start_ms + turn * SPACING_MS
        )  # fmt: skip


class Load:
    """A fleet and what its gateways send."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.senders = [_Sender(f"gw{number:04d}", number, shape.sensors) for number in range(shape.gateways)]

    def fleet(self) -> str:
        """The fleet file: every sensor in use at a point of its own, under a profile with three rules."""
        points = "".join(
            f"          - {{id: p{n:05d}, name: {{en: P{n}, zh: P{n}}}, sensor: s{n:05d}}}\n"
            for n in range(self.shape.points)
        )
        sensors = "".join(f"  - {{id: s{n:05d}, interval: 10s}}\n" for n in range(self.shape.points))
        gateways = "".join(
            f"  - {{name: {one.name}, asset: store, key: {encode_public(one.key.public)}}}\n"
            for one in self.senders
        )
        return (
            f"organisation: {ORGANISATION}\nassets:\n  - id: store\n    kind: cold_store\n"
            "    name: {en: Store, zh: 冷库}\n    time_zone: Asia/Shanghai\n"
            "    zones:\n      - id: store.room\n"
            "        name: {en: Room, zh: 冷藏间}\n        profile: vaccine-2-8\n        state: in_use\n"
            f"        points:\n{points}sensors:\n{sensors}gateways:\n{gateways}"
        )

    def requests(self, start_ms: int) -> list[tuple[str, bytes]]:
        """(gateway, gzip body) of every request; the gateways take turns."""
        return list(self._requests(start_ms))

    def _requests(self, start_ms: int) -> Iterator[tuple[str, bytes]]:
        for number in range(self.shape.requests):
            sender = self.senders[number % len(self.senders)]
            parts = [sender.batch(self.shape.lines, start_ms) for _ in range(self.shape.batches)]
            yield sender.name, gzip.compress(b"".join(parts), 1)

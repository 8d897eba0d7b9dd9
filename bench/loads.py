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
    """How readings are sent: `batches` of `lines` in a request, from gateways with `sensors` each.

    interval   how often a sensor speaks, as the fleet says
    """

    name: str
    lines: int
    batches: int
    requests: int
    sensors: int
    points: int = POINTS
    interval: str = "10s"

    @property
    def readings(self) -> int:
        return self.lines * self.batches * self.requests

    @property
    def gateways(self) -> int:
        return self.points // self.sensors


@dataclass(slots=True)
class Sender:
    """A gateway that seals what its sensors say, turn after turn."""

    name: str
    number: int
    sensors: int
    key: Key = field(default_factory=Key.generate)
    prev: str = GENESIS
    seq: int = 0
    said: int = 0

    @property
    def turn(self) -> int:
        """How often its sensors have spoken."""
        return self.said // self.sensors

    def batch(self, lines: int, start_ms: int, *, hot: int | None = None) -> bytes:
        """The next sealed batch; readings lie SPACING_MS apart from `start_ms` on. `hot` breaks its limit."""
        return self.said_at(lines, start_ms, SPACING_MS, hot=hot)

    def said_at(self, lines: int, start_ms: int, spacing_ms: int, *, hot: int | None = None) -> bytes:
        """The next sealed batch, its readings so far apart."""
        numbers = range(self.said, self.said + lines)
        body = b"".join([self._line(number, start_ms, spacing_ms, hot) for number in numbers])
        self.said += lines
        return self._sealed(body)

    def level(self, at_ms: int, celsius: float) -> bytes:
        """The next sealed batch, in which every sensor says the same at one instant."""
        first = self.number * self.sensors
        return self._sealed(
            b"".join(
                b"reading,sensor=s%05d temperature=%.2f %d\n" % (first + sensor, celsius, at_ms)
                for sensor in range(self.sensors)
            )
        )

    def _sealed(self, body: bytes) -> bytes:
        self.seq += 1
        made = seal(
            self.key, org=ORGANISATION, run=f"run-{self.name}", seq=self.seq, prev=self.prev, body=body
        )
        self.prev = made.hash
        return made.encode()

    def _line(self, number: int, start_ms: int, spacing_ms: int, hot: int | None) -> bytes:
        turn, sensor = divmod(number, self.sensors)
        temperature = 12.0 if sensor == hot else 4.0 + (turn % 60) / 30 + sensor / 1000
        return b"reading,sensor=s%05d temperature=%.2f,counter=%di %d\n" % (
            self.number * self.sensors + sensor, temperature, turn, start_ms + turn * spacing_ms
        )  # fmt: skip


class Load:
    """A fleet and what its gateways send."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.senders = [Sender(f"gw{number:04d}", number, shape.sensors) for number in range(shape.gateways)]

    def fleet(self) -> str:
        """The fleet file: a cold store for each gateway, all sensors in use, three rules for each."""
        stores = "".join(_store(sender) for sender in self.senders)
        sensors = "".join(
            f"  - {{id: s{n:05d}, interval: {self.shape.interval}}}\n" for n in range(self.shape.points)
        )
        gateways = "".join(
            f"  - {{name: {one.name}, asset: {one.name}, key: {encode_public(one.key.public)}}}\n"
            for one in self.senders
        )
        return f"organisation: {ORGANISATION}\nassets:\n{stores}sensors:\n{sensors}gateways:\n{gateways}"

    def requests(self, start_ms: int) -> list[tuple[str, bytes]]:
        """(gateway, gzip body) of every request; the gateways take turns."""
        return list(self._requests(start_ms))

    def _requests(self, start_ms: int) -> Iterator[tuple[str, bytes]]:
        for number in range(self.shape.requests):
            sender = self.senders[number % len(self.senders)]
            parts = [sender.batch(self.shape.lines, start_ms) for _ in range(self.shape.batches)]
            yield sender.name, gzip.compress(b"".join(parts), 1)


def _store(sender: Sender) -> str:
    first = sender.number * sender.sensors
    points = "".join(
        f"          - {{id: p{n:05d}, name: {{en: P{n}, zh: P{n}}}, sensor: s{n:05d}}}\n"
        for n in range(first, first + sender.sensors)
    )
    return (
        f"  - id: {sender.name}\n    kind: cold_store\n    name: {{en: Store, zh: 冷库}}\n"
        f"    time_zone: Asia/Shanghai\n    zones:\n      - id: {sender.name}.room\n"
        "        name: {en: Room, zh: 冷藏间}\n        profile: vaccine-2-8\n        state: in_use\n"
        f"        points:\n{points}"
    )

"""Bytes that nobody meant: golden messages with bytes flipped, cut, doubled and mixed, and pure noise."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from coldchain.lineprotocol import encode_fields, reading_key
from coldchain.quantities import QUANTITIES
from coldchain.readings import MAX_RAW, Refusal
from coldchain_gateway.contracts import Decoded, Sample
from support.soak import rounds

CI_CASES = 600
SOAK_CASES = 12_000
NOISY = 0.15


def broken(seeds: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """As many cases as CI or soak asks for; the same seed gives the same bytes."""
    rng = random.Random(seed)
    for _ in range(rounds(CI_CASES, SOAK_CASES)):
        if not seeds or rng.random() < NOISY:
            yield rng.randbytes(rng.randrange(80))
            continue
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.randrange(1, 5)):
            _spoil(rng, data, seeds)
        yield bytes(data)


def must_hold(decoded: Decoded) -> None:
    """Every value is one that can be kept; every refusal keeps within its bounds."""
    for one in decoded:
        if isinstance(one, Refusal):
            assert len(one.raw) <= MAX_RAW
            assert len(one.detail) <= 200
            continue
        assert isinstance(one, Sample)
        reading_key(one.sensor)
        encode_fields(one.values)
        assert one.values
        for field, value in one.values.items():
            assert QUANTITIES[field].possible(value)


def _spoil(rng: random.Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    start = rng.randrange(len(data) + 1)
    end = min(len(data), start + rng.randrange(6))
    match rng.randrange(5):
        case 0:
            del data[start:end]
        case 1:
            data[start:end] = rng.randbytes(rng.randrange(4))
        case 2:
            data[start:start] = data[start:end] * rng.randrange(1, 30)
        case 3:
            other = rng.choice(seeds)
            data[start:] = other[rng.randrange(len(other) + 1) :]
        case _:
            for place in range(start, end):
                data[place] ^= 1 << rng.randrange(8)

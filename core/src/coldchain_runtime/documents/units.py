"""Durations and sizes as people write them: 10s, 20m, 64MB."""

import re

from coldchain.errors import InvalidInput

_DURATION_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SIZE_UNITS = {
    "B": 1,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(B|kB|KB|MB|GB|KiB|MiB|GiB)")


def duration_ms(text: str) -> int:
    """Read `10s`, `1h30m`, `250ms` or `0`; whole milliseconds. Raises InvalidInput for anything else."""
    if text == "0":
        return 0
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise InvalidInput(f"{text!r} is not a duration such as 10s, 20m, 1h30m")
    total = sum(float(number) * _DURATION_UNITS[unit] for number, unit in parts)
    if total != int(total) or total > 10**13:
        raise InvalidInput(f"{text!r} is not whole milliseconds, or too long")
    return int(total)


def duration_text(ms: int) -> str:
    """Write a duration as `duration_ms` reads it, in the largest units that fit."""
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        count, ms = divmod(ms, _DURATION_UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def size_bytes(text: str) -> int:
    """Read `64MB` or `1 GiB`; whole bytes. Raises InvalidInput for anything else."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise InvalidInput(f"{text!r} is not a size such as 64MB, 1GiB")
    return int(float(match[1]) * _SIZE_UNITS[match[2]])

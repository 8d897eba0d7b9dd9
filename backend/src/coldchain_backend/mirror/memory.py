"""The mirror's position in a file of its own: nothing that judging commits waits for it."""

from pathlib import Path
from typing import Any, Final

import orjson

from coldchain_backend.mirror.contracts import Position
from coldchain_runtime.durable import write_file_atomic
from coldchain_runtime.logs import Log

FILE: Final = "mirror.json"
FORMAT: Final = 2
"""2: with cells of zones and names of points; what stands of an older one is written anew."""
_PLAIN: Final = (
    "target", "fill", "judged", "ledger", "stamp_ms", "log", "change", "fleet", "ticked_ms", "marked",
)  # fmt: skip
_log = Log("mirror")


def save(file: Path, position: Position) -> None:
    """Write the position durably. Raises OSError where that cannot be."""
    stored: dict[str, object] = {name: getattr(position, name) for name in _PLAIN}
    stored |= {
        "format": FORMAT,
        "told_ms": position.told_ms,
        "heard": {
            sensor: [[names, rank, at_ms] for (names, rank), at_ms in layouts.items()]
            for sensor, layouts in position.heard.items()
        },
        "tails": [[*key, at_ms] for key, at_ms in position.tails.items()],
        "unknown": [[*key, at_ms] for key, at_ms in position.unknown.items()],
        "brought": position.brought,
        "revoked": sorted(position.revoked),
        "alerts": position.alerts,
    }
    write_file_atomic(file, orjson.dumps(stored))


def load(file: Path) -> Position | None:
    """The position that was written; None where there is none that can be read: then all begins anew."""
    try:
        stored = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError) as error:
        _log.warning("mirror.position_lost", reason=str(error))
        return None
    try:
        return _position(stored)
    except (KeyError, TypeError, ValueError) as error:
        _log.warning("mirror.position_lost", reason=repr(error))
        return None


def _position(stored: dict[str, Any]) -> Position:
    if stored["format"] != FORMAT:
        raise ValueError(f"format {stored['format']}")
    return Position(
        **{name: stored[name] for name in _PLAIN},
        told_ms=stored.get("told_ms", 0),
        heard={
            sensor: {(names, rank): at_ms for names, rank, at_ms in layouts}
            for sensor, layouts in stored["heard"].items()
        },
        tails={(sensor, quantity): at_ms for sensor, quantity, at_ms in stored["tails"]},
        unknown={(sensor, quantity): at_ms for sensor, quantity, at_ms in stored["unknown"]},
        brought={sensor: [(at, name) for at, name in told] for sensor, told in stored["brought"].items()},
        revoked=set(stored["revoked"]),
        alerts=dict(stored["alerts"]),
    )

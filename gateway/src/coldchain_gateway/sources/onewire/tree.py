"""The kernel's 1-Wire folder. Everything here blocks: a conversion lasts 750 ms, so it runs in a thread.

After a bulk conversion `w1_slave` gives the scratchpad without converting again; where a kernel does not know
bulk conversion, opening it converts. Either way its bytes count, not `temperature`, which has no checksum.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coldchain.errors import Unavailable
from coldchain_gateway.formats.ds18b20 import FAMILIES, PHANTOM

from .config import PROBE_ID

MOST_PROBES: Final = 128
# The second where the kernel has not yet taken up the trigger.
CONVERTING: Final = ("-1", "trigger")
CONVERSION_S: Final = 2.0
LOOK_S: Final = 0.05


class BusMissing(Unavailable):
    """This machine has no 1-Wire bus now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What stands on the buses: probes by id, and ids that noise invented."""

    probes: tuple[str, ...]
    phantoms: tuple[str, ...]


def look(root: Path) -> Found:
    """Raises BusMissing."""
    try:
        names = sorted(path.name for path in root.iterdir())
    except OSError as error:
        raise BusMissing(
            f"no 1-Wire bus ({error.strerror}: {root}); on a Pi: dtoverlay=w1-gpio in config.txt, then reboot"
        ) from error
    ids = [(name, found[1]) for name in names if (found := PROBE_ID.fullmatch(name))]
    return Found(
        probes=tuple(name for name, family in ids if family in FAMILIES)[:MOST_PROBES],
        phantoms=tuple(name for name, family in ids if family == PHANTOM),
    )


def convert_all(root: Path) -> None:
    """Let all probes of each bus convert at once and wait until they have, where the kernel can do that."""
    triggered = [path for path in _bulk_files(root) if _trigger(path)]
    end = time.monotonic() + CONVERSION_S
    while triggered and time.monotonic() < end:
        triggered = [path for path in triggered if _state(path) in CONVERTING]
        if triggered:
            time.sleep(LOOK_S)


def read_probe(root: Path, probe: str) -> bytes | None:
    """The probe's `w1_slave`; None when it is not on the bus any more."""
    try:
        return (root / probe / "w1_slave").read_bytes()
    except OSError:
        return None


def _bulk_files(root: Path) -> Iterator[Path]:
    for master in sorted(root.glob("w1_bus_master*")):
        path = master / "therm_bulk_read"
        if path.exists():
            yield path


def _trigger(path: Path) -> bool:
    try:
        path.write_text("trigger\n", encoding="ascii")
    except OSError:
        return False
    return True


def _state(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""

"""Serial ports of this machine, and who has them. Nothing here opens one."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

BY_ID: Final = Path("/dev/serial/by-id")
PSEUDO: Final = range(136, 144)  # major numbers of pseudo terminals (Documentation/admin-guide/devices.txt)
PATTERNS: Final = ("ttyUSB*", "ttyACM*", "ttyAMA*", "ttyS[0-9]*")


def known_ports(dev: Path = Path("/dev")) -> list[str]:
    """Ports under the names that survive replugging, where they have one; unused on-board ones left out."""
    linked = {os.path.realpath(link): str(link) for link in sorted((dev / "serial/by-id").glob("*"))}
    found = [str(path) for pattern in PATTERNS for path in sorted(dev.glob(pattern)) if _is_real(path)]
    return [*linked.values(), *(path for path in found if os.path.realpath(path) not in linked)]


def lasting_name(port: str) -> str:
    """The name by which a port is found again after replugging; else the given one, made absolute."""
    real = os.path.realpath(port)
    for link in sorted(BY_ID.glob("*")):
        if os.path.realpath(link) == real:
            return str(link)
    return str(Path(port).absolute())


def holders(port: str, proc: Path = Path("/proc")) -> Sequence[str]:
    """Processes that have a port open, as `name (pid)`; those of other users are seen by root only.

    Whoever holds the master end of a pseudo terminal is the device, and no holder.
    """
    try:
        device = Path(port).stat().st_rdev
    except OSError:
        return []
    found = []
    for process in proc.glob("[0-9]*"):
        if process.name == str(os.getpid()) or not _has_open(process, device):
            continue
        if os.major(device) not in PSEUDO or not _is_its_device(process, os.minor(device)):
            found.append(f"{_name(process)} ({process.name})")
    return found


def _has_open(process: Path, device: int) -> bool:
    try:
        links = list((process / "fd").iterdir())
    except OSError:
        return False
    for link in links:
        try:
            if link.readlink().is_relative_to("/dev") and link.stat().st_rdev == device:
                return True
        except OSError:
            continue
    return False


def _is_its_device(process: Path, index: int) -> bool:
    """Whether a process has the master end of this pseudo terminal."""
    try:
        notes = list((process / "fdinfo").iterdir())
    except OSError:
        return False
    for note in notes:
        try:
            if f"tty-index:\t{index}\n" in note.read_text("ascii", "replace"):
                return True
        except OSError:
            continue
    return False


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return "a process"


def _is_real(path: Path) -> bool:
    """A ttyS without a device behind it is a number only."""
    if not path.name.startswith("ttyS"):
        return True
    driver = Path("/sys/class/tty") / path.name / "device/driver"
    return driver.exists() and os.path.realpath(driver).endswith(("8250", "serial8250")) is False

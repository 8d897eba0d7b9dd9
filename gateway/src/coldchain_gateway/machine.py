"""What the computer says of itself, where it says anything: its heat and its supply voltage."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path("/")
# raspberrypi-hwmon: the firmware's own watch over the 5 V supply.
HWMON: Final = "rpi_volt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """None where the computer does not tell."""

    cpu_celsius: float | None = None
    undervoltage: bool | None = None


def serial_number(root: Path = ROOT) -> str | None:
    """The computer's own number, where its firmware tells one, as every Pi does; no SD card carries it."""
    told = _read(root / "proc/device-tree/serial-number")
    return None if told is None else told.strip("\0 ") or None


def look(root: Path = ROOT) -> Machine:
    """Read it from /sys below `root`."""
    return Machine(cpu_celsius=_cpu_celsius(root), undervoltage=_undervoltage(root))


def _cpu_celsius(root: Path) -> float | None:
    for zone in sorted(root.glob("sys/class/thermal/thermal_zone*")):
        kind, text = _read(zone / "type"), _read(zone / "temp")
        if text is not None and text.lstrip("-").isdigit() and "cpu" in (kind or ""):
            return int(text) / 1000
    return None


def _undervoltage(root: Path) -> bool | None:
    for folder in sorted(root.glob("sys/class/hwmon/hwmon*")):
        if _read(folder / "name") == HWMON:
            alarm = _read(folder / "in0_lcrit_alarm")
            return None if alarm is None else alarm != "0"
    return None


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None

"""1-Wire and GPIO: what the kernel must have been told at boot, and who may use it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .finding import Finding, Person, rights_finding, text_of

CONFIGS: Final = ("boot/firmware/config.txt", "boot/config.txt")
OVERLAY: Final = re.compile(r"^\s*dtoverlay=w1-gpio(?:-pullup|-pi5)?\b", re.MULTILINE)
MASTERS: Final = "sys/bus/w1/devices"


def onewire_findings(root: Path) -> Iterator[Finding]:
    """Whether the kernel drives a 1-Wire bus."""
    if any((root / MASTERS).glob("w1_bus_master*")):
        return
    configs = [file for file in CONFIGS if (root / file).is_file()]
    if any(OVERLAY.search(text_of(root / file)) for file in configs):
        yield Finding(message="the w1-gpio overlay is configured and the kernel has no 1-Wire bus: reboot")
    elif configs:
        yield Finding(
            message=f"the kernel has no 1-Wire bus: put `dtoverlay=w1-gpio` into /{configs[0]} and reboot"
        )
    else:
        yield Finding(
            message="the kernel has no 1-Wire bus: load a driver of its master (`modprobe w1-gpio`, ds2482)"
        )


def gpio_findings(root: Path, chip: str, person: Person) -> Iterator[Finding]:
    """Whether a GPIO chip is there and may be used."""
    path = root / chip.lstrip("/")
    if path.exists():
        if (missing := rights_finding(root, path, chip, person)) is not None:
            yield missing
        return
    chips = sorted(f"/dev/{found.name}" for found in (root / "dev").glob("gpiochip*"))
    yield Finding(message=f"{chip} is not there; this computer has {', '.join(chips) or 'no GPIO chip'}")

"""A serial port: is it there, is it ours alone, may we use it?"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .finding import Finding, Person, rights_finding, text_of

BY_ID: Final = "dev/serial/by-id"
BOOT_LINES: Final = ("boot/firmware/cmdline.txt", "boot/cmdline.txt")
RULES: Final = ("etc/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d")
IGNORED: Final = re.compile(r'^(?!\s*#).*ENV\{ID_MM_(?:DEVICE|PORT)_IGNORE\}="1"', re.MULTILINE)
# The names that the UART of a Pi's header has had.
UARTS: Final = ("ttyAMA", "ttyS")
NAMES_SHOWN: Final = 8


def port_findings(root: Path, port: str, person: Person, own_pid: int | None) -> Iterator[Finding]:
    """Everything that keeps the gateway from this port; `own_pid`: the gateway that runs already, if any."""
    path = root / str(Path(port).absolute()).lstrip("/")
    if not path.exists():
        yield Finding(message=_absent(root, port))
        return
    real = path.resolve()
    if (missing := rights_finding(root, path, port, person)) is not None:
        yield missing
    if real.name.startswith(UARTS):
        yield from _console(root, port, real.name)
    if real.name.startswith(("ttyUSB", "ttyACM")):
        yield from _modem_manager(root, port)
        yield from _unsteady(root, port, real)
    if real.name.startswith("tty") and (holder := _holder(root, real, own_pid)) is not None:
        yield Finding(message=f"{port} is held open by {holder}; a port has one owner: stop that program")


def _absent(root: Path, port: str) -> str:
    names = sorted(path.name for path in (root / BY_ID).glob("*"))
    if not names:
        return f"{port} is not there, and /{BY_ID} has no port at all: is it plugged in?"
    shown = "".join(f"\n    /{BY_ID}/{name}" for name in names[:NAMES_SHOWN])
    more = f"\n    and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"{port} is not there; these are:{shown}{more}"


def _console(root: Path, port: str, name: str) -> Iterator[Finding]:
    """The kernel's console or a login on the header's UART answers the sensor."""
    aliases = {
        name,
        *(link.name for link in (root / "dev").glob("serial[01]") if link.resolve().name == name),
    }
    for file in (*BOOT_LINES, "proc/cmdline"):
        for word in text_of(root / file).split():
            device = word.removeprefix("console=").split(",")[0]
            if word.startswith("console=") and device in aliases:
                yield Finding(
                    message=f"the kernel's console is on {port} (`{word}` in /{file}): "
                    "`sudo raspi-config nonint do_serial_cons 1`, then reboot"
                )
                break
    for alias in sorted(aliases):
        unit = f"serial-getty@{alias}.service"
        places = ("etc/systemd/system", "run/systemd/generator")
        if any((root / place / "getty.target.wants" / unit).is_symlink() for place in places):
            yield Finding(message=f"a login waits on {port}: `sudo systemctl disable --now {unit}`")


def _modem_manager(root: Path, port: str) -> Iterator[Finding]:
    """ModemManager writes AT commands to what may be a modem, which a bus takes for a master."""
    running = any(text_of(comm).strip() == "ModemManager" for comm in root.glob("proc/[0-9]*/comm"))
    if not running:
        return
    rules = [rule for folder in RULES for rule in sorted((root / folder).glob("*coldchain*.rules"))]
    if not any(IGNORED.search(text_of(rule)) for rule in rules):
        yield Finding(
            message=f"ModemManager runs and may write to {port}: install deploy/60-coldchain.rules, which "
            "tells it to leave serial adapters alone, or `sudo systemctl disable --now ModemManager`"
        )


def _unsteady(root: Path, port: str, real: Path) -> Iterator[Finding]:
    if port.startswith(("/dev/ttyUSB", "/dev/ttyACM")):
        steady = [link.name for link in sorted((root / BY_ID).glob("*")) if link.resolve() == real]
        name = f"/{BY_ID}/{steady[0]}" if steady else f"one of /{BY_ID}"
        yield Finding(message=f"{port} changes its name when it is plugged again; better: {name}", note=True)


def _holder(root: Path, real: Path, own_pid: int | None) -> str | None:
    """The process that has the port open, if another one has; only as far as /proc lets us see."""
    for process in sorted(root.glob("proc/[0-9]*")):
        if own_pid is not None and process.name == str(own_pid):
            continue
        try:
            if any(link.resolve() == real for link in (process / "fd").iterdir()):
                return f"{text_of(process / 'comm').strip() or 'a process'} ({process.name})"
        except OSError:
            continue
    return None

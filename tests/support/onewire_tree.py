"""The kernel's 1-Wire folder as files, with one probe."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from coldchain_gateway.sources import OnewireConfig, SourceConfig
from coldchain_gateway.sources.onewire.config import ProbeConfig
from support.terminals import AT_FIRST


def scratchpad(celsius: float, *, crc_ok: bool = True) -> str:
    """`w1_slave` of a DS18B20, its checksum written here from the specification."""
    pad = round(celsius * 16).to_bytes(2, "little", signed=True) + bytes.fromhex("4b467fff0710")
    value = 0
    for byte in pad:
        for place in range(8):
            mixed = (value ^ byte >> place) & 1
            value = (value >> 1) ^ (0x8C if mixed else 0)
    text = (pad + bytes([value])).hex(" ")
    return f"{text} : crc={value:02x} {'YES' if crc_ok else 'NO'}\n{text} t={round(celsius * 1000)}\n"


class OnewireWire:
    """The kernel's folder with one probe, as files."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "w1"
        self.probe = self.root / "28-0316a2794a7f"

    def config(self) -> SourceConfig:
        named = ProbeConfig(id=self.probe.name, sensor="front")
        return OnewireConfig(kind="onewire", name="probes", root=self.root, interval=100, probe=(named,))

    def plug(self) -> None:
        self.probe.mkdir(parents=True)
        (self.root / "w1_bus_master1").mkdir()
        self.say(AT_FIRST)

    def unplug(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def say(self, celsius: float) -> None:
        self.write(scratchpad(celsius))

    def write(self, text: str) -> None:
        fresh = self.root / ".fresh"
        fresh.write_text(text)
        fresh.replace(self.probe / "w1_slave")

    def babble(self) -> None:
        for text in (scratchpad(9.0, crc_ok=False), "", "00 " * 9 + ": crc=00 YES\n"):
            self.write(text)
            time.sleep(0.25)

    def close(self) -> None:
        self.unplug()

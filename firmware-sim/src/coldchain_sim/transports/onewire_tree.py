"""The kernel's 1-Wire folder as files: a folder per probe, and a bus master that converts all at once."""

import shutil
from dataclasses import dataclass
from pathlib import Path

MASTER = "w1_bus_master1"


@dataclass(slots=True)
class OnewireTree:
    """Made anew by `plug`; a probe's folder appears with its first text and goes when it is unplugged."""

    root: Path

    def plug(self) -> None:
        """An empty bus."""
        shutil.rmtree(self.root, ignore_errors=True)
        master = self.root / MASTER
        master.mkdir(parents=True)
        (master / "therm_bulk_read").write_text("0\n", "ascii")

    def unplug(self) -> None:
        """The bus is gone with everything on it."""
        shutil.rmtree(self.root, ignore_errors=True)

    def say(self, probe: str, text: str) -> None:
        """What the probe's next conversion gives; a reader sees the old text or the new, whole."""
        folder = self.root / probe
        folder.mkdir(exist_ok=True)
        fresh = folder / ".fresh"
        fresh.write_text(text, "ascii")
        fresh.replace(folder / "w1_slave")

    def remove(self, probe: str) -> None:
        """Somebody pulls the probe off."""
        shutil.rmtree(self.root / probe, ignore_errors=True)

    def converted(self) -> None:
        """A conversion of all that was asked for has ended."""
        bulk = self.root / MASTER / "therm_bulk_read"
        if bulk.exists() and bulk.read_text("ascii").strip() == "trigger":
            bulk.write_text("1\n", "ascii")

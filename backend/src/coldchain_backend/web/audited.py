"""What the audit says of a change of the fleet, entry by entry, and its lines as CSV."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from coldchain_backend.access import AuditLine
from coldchain_backend.fleet import Fleet, FleetVersion
from coldchain_backend.fleetfile import compare
from coldchain_backend.web.times import iso

FLEET: Final = "fleet"
COLUMNS: Final = ("at", "by", "what", "subject", "why", "old", "new", "details", "record")
MAX_DETAILS: Final = 200
_ADDRESS: Final = re.compile(r"(https?://[^/\s'\"]+)/[^\s'\",)]+")
"""What stands behind the host in an address may be a key, as chat robots have it."""


class Described:
    """Says how fleet versions differ from those before them."""

    def __init__(self, fleet: Callable[[], Fleet]) -> None:
        self._fleet = fleet

    def details(self, line: AuditLine) -> Sequence[str]:
        """The entries that a fleet version changed; nothing for other lines."""
        if line.what != FLEET or line.record is None:
            return ()
        versions = self._fleet().versions
        index = next((i for i, one in enumerate(versions) if one.number == line.record), None)
        return () if not index else tuple(_differences(versions[index - 1], versions[index]))


def _differences(old: FleetVersion, new: FleetVersion) -> Iterator[str]:
    entries = compare(old.plan, new.plan).entries
    for entry in entries[:MAX_DETAILS]:
        said = f"{entry.kind.value} {entry.what} {entry.id}"
        yield _ADDRESS.sub(r"\1/…", ": ".join([said, "; ".join(entry.details)]) if entry.details else said)
    if len(entries) > MAX_DETAILS:
        yield f"and {len(entries) - MAX_DETAILS} entries more"


def written(lines: Iterable[AuditLine], described: Described) -> Iterator[bytes]:
    """Lines as CSV (UTF-8, comma, header); what a spreadsheet would take for a formula is quoted."""
    yield _line(COLUMNS)
    for one in lines:
        changes = one.why, one.old, one.new, " | ".join(described.details(one))
        cells = (iso(one.at_ms), one.by, one.what, one.subject, *changes, one.record)
        yield _line(["" if cell is None else _plain(str(cell)) for cell in cells])


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()


def _plain(cell: str) -> str:
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell

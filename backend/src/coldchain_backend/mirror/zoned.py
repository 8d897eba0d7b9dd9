"""Cells of points and of whole zones, so that a fleet is asked for by its zones. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from coldchain.readings import Value
from coldchain_backend.mirror.points import Fields, Tags, line
from coldchain_backend.mirror.shape import ZONE_COMPLIANCE, Shape

_SUMS: Final = (
    "required_s", "covered_s", "unknown_s", "in_s", "high_degree_minutes", "low_degree_minutes",
)  # fmt: skip
_LEAST: Final = ("whole", "conform", "lowest")
_MOST: Final = ("required_coverage", "highest", "mkt")


class Told(NamedTuple):
    """A cell of an hour or a local day that begins at `at_ms`, of a point or of a zone."""

    shape: Shape
    tags: Tags
    fields: Fields
    at_ms: int

    @property
    def whole(self) -> bool:
        """Whether it is over and folded."""
        return bool(self.fields["whole"])

    @property
    def line(self) -> str:
        """As it is written."""
        return line(self.shape, self.tags, self.fields, self.at_ms)


def of_zone(cells: Iterable[Told]) -> list[Told]:
    """The cells of a zone from those of its points: one for each asset, quantity, kind of cell and time."""
    heaps: dict[tuple[str, str, str, int], list[Told]] = {}
    for one in cells:
        key = one.tags["asset"], one.tags["quantity"], one.tags["cell"], one.at_ms
        heaps.setdefault(key, []).append(one)
    return [_together(heap) for heap in heaps.values()]


def _together(cells: Sequence[Told]) -> Told:
    """Sums of all; a cell is whole once each of them is, and conforms as the worst of them does."""
    first = cells[0]
    fields: dict[str, Value | str | None] = {"points": len({one.tags["point"] for one in cells})}
    fields |= {name: sum(_numbers(cells, name)) for name in _SUMS}
    for names, together in ((_LEAST, min), (_MOST, max)):
        fields |= {name: together(said) for name in names if (said := _numbers(cells, name))}
    fields["coverage"] = sum(_numbers(cells, "covered_s")) / sum(_numbers(cells, "required_s"))
    tags = {name: first.tags[name] for name in ZONE_COMPLIANCE.tags}
    return Told(ZONE_COMPLIANCE, tags, fields, first.at_ms)


def _numbers(cells: Sequence[Told], name: str) -> list[float]:
    return [value for one in cells if isinstance(value := one.fields[name], int | float)]

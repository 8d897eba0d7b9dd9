"""Which new excursion is which old one after late data: by overlap. Pure.

On a merge the one that the log brought first survives; on a split the part still open keeps the id, else the
earliest part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from coldchain.excursions import Excursion
from coldchain_backend.judging.contracts import Gone, StoredExcursion


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An excursion as recomputed, with the reading that closed it."""

    excursion: Excursion
    end_value: float | None = None


@dataclass(slots=True, kw_only=True)
class Matched:
    """kept: old ones as they are now · fresh: without an old one · gone: withdrawn or merged old ones."""

    kept: list[StoredExcursion] = field(default_factory=list)
    fresh: list[Found] = field(default_factory=list)
    gone: list[StoredExcursion] = field(default_factory=list)


def match(old: Iterable[StoredExcursion], new: Sequence[Found]) -> Matched:
    """Give each new excursion the identity of an old one where they overlap."""
    claims: dict[int, list[StoredExcursion]] = {}
    matched = Matched()
    for one in sorted(old, key=lambda stored: stored.created):
        part = _part_of(one, new)
        if part is None:
            matched.gone.append(replace(one, gone=Gone.WITHDRAWN, revision=one.revision + 1, held_ms=None))
        else:
            claims.setdefault(part, []).append(one)
    for index, found in enumerate(new):
        if index not in claims:
            matched.fresh.append(found)
            continue
        survivor, *others = claims[index]
        matched.kept.append(_moved(survivor, found))
        matched.gone += [
            replace(other, gone=Gone.MERGED, into=survivor.id, revision=other.revision + 1, held_ms=None)
            for other in others
        ]
    return matched


def _part_of(old: StoredExcursion, new: Sequence[Found]) -> int | None:
    """The index of the new excursion that carries on an old one."""
    parts = [
        index
        for index, found in enumerate(new)
        if found.excursion.rule == old.excursion.rule and _overlap(found.excursion, old.excursion)
    ]
    still_open = [index for index in parts if new[index].excursion.closed_ms is None]
    if still_open:
        return still_open[0]
    return min(parts, key=lambda index: new[index].excursion.opened_ms, default=None)


def _overlap(one: Excursion, other: Excursion) -> bool:
    one_end = inf if one.closed_ms is None else one.closed_ms
    other_end = inf if other.closed_ms is None else other.closed_ms
    return one.opened_ms < other_end and other.opened_ms < one_end


def _moved(stored: StoredExcursion, found: Found) -> StoredExcursion:
    if stored.excursion == found.excursion:
        return stored
    return replace(
        stored,
        excursion=found.excursion,
        end_value=found.end_value,
        revision=stored.revision + 1,
        held_ms=None,
        incomplete=False,
    )

"""What an excursion may come from, by the switches of its zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from coldchain.marks import MarkKind
from coldchain.words import Text
from coldchain_backend.fleet import Point, Zone
from coldchain_backend.judging.explained import explanation

MINUTE = 60_000
OPENED = 10 * 3_600_000
ZONE = Zone(
    id="z",
    name=Text(en="Zone"),
    profile="frozen-food",
    points=(Point(id="p", name=Text(en="Front"), sensor="probe"), Point(id="q", name=Text(en="Rear"))),
    doors=("door",),
)
Switches = Mapping[tuple[str, str], Sequence[tuple[int, float]]]


class Said:
    """Readings that are told from a table by sensor and field."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches

    def graded(
        self, sensor: str, quantity: str, from_ms: int, to_ms: int
    ) -> tuple[Sequence[tuple[int, float]], Sequence[int]]:
        kept = [one for one in self.switches.get((sensor, quantity), ()) if from_ms <= one[0] < to_ms]
        return kept, [0] * len(kept)


@pytest.mark.parametrize(
    ("switches", "kind"),
    [
        ({}, None),
        ({("door", "door_open"): [(OPENED - 2 * MINUTE, 1.0)]}, MarkKind.DOOR),
        (
            {("door", "door_open"): [(OPENED - 9 * MINUTE, 1.0), (OPENED - 8 * MINUTE, 0.0)]},
            MarkKind.DOOR,
        ),
        ({("door", "door_open"): [(OPENED - 59 * MINUTE, 1.0), (OPENED - 58 * MINUTE, 0.0)]}, None),
        ({("door", "door_open"): [(OPENED + MINUTE, 1.0)]}, None),
        ({("door", "door_open"): [(OPENED - 300 * MINUTE, 1.0)]}, None),
        (
            {("probe", "defrost"): [(OPENED - 50 * MINUTE, 1.0), (OPENED - 30 * MINUTE, 0.0)]},
            MarkKind.DEFROST,
        ),
        (
            {
                ("probe", "defrost"): [(OPENED - 10 * MINUTE, 1.0)],
                ("door", "door_open"): [(OPENED - MINUTE, 1.0)],
            },
            MarkKind.DOOR,
        ),
        ({("elsewhere", "door_open"): [(OPENED - MINUTE, 1.0)]}, None),
    ],
)
def test_an_excursion_is_explained_by_the_switches_of_its_zone(
    switches: Switches, kind: MarkKind | None
) -> None:
    assert explanation(Said(switches), ZONE, OPENED) is kind

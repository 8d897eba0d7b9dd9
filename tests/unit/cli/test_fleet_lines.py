"""What the fleet commands print, and the version on top of a file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.cli.fleet import describe, summary, version_of, with_version
from coldchain_backend.fleetfile import parse
from support.fleets import FLEET_FILE

GOOD = FLEET_FILE.read_text("utf-8")


@given(st.integers(min_value=0, max_value=10**15 - 1), st.integers(min_value=0, max_value=10**15 - 1))
def test_a_version_is_put_on_top_once_and_replaced(first: int, second: int) -> None:
    once = with_version(GOOD, first)
    assert version_of(once) == first
    twice = with_version(once, second)
    assert version_of(twice) == second
    assert twice.split("\n", 1)[1] == GOOD
    assert parse(twice) == parse(GOOD)


@given(st.text(max_size=100))
def test_a_file_without_a_version_has_none(text: str) -> None:
    assert version_of(f"organisation: {text!r}") is None


def test_no_difference_is_said() -> None:
    assert describe({"entries": [], "losing": [], "looser": [], "ending": [], "clashes": []}) == [
        "no difference"
    ]


def test_a_difference_is_a_line_for_each_entry_and_what_it_does() -> None:
    lines = describe(
        {
            "entries": [
                {"kind": "added", "what": "zone", "id": "z", "details": []},
                {"kind": "changed", "what": "sensor", "id": "s", "details": ["interval: 1m → 5m"]},
                {"kind": "removed", "what": "point", "id": "p", "details": []},
            ],
            "losing": ["p"],
            "looser": ["point q: expected every 5m, was 1m"],
            "ending": ["al_1"],
            "clashes": [],
        }
    )
    assert lines == [
        "+ zone z",
        "~ sensor s",
        "    interval: 1m → 5m",
        "- point p",
        "points that will no longer be judged:",
        "    p",
        "watched less strictly:",
        "    point q: expected every 5m, was 1m",
        "alerts that will end:",
        "    al_1",
    ]


@given(st.dictionaries(st.sampled_from(["entries", "losing", "x"]), st.none() | st.lists(st.integers())))
def test_an_odd_answer_is_no_crash(answer: dict[str, object]) -> None:
    assert describe(answer)


def test_a_summary_names_sensors_that_stand_nowhere() -> None:
    assert summary(parse(GOOD)).startswith("all right: 2 assets, 6 zones")
    free = parse(GOOD.replace(", sensor: dock-wall", ""))
    assert summary(free).endswith("standing nowhere: dock-wall")

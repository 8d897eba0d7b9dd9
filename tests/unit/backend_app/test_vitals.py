"""How the server says that it is well, and what stops its heartbeat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coldchain_backend.app.vitals import Vitals
from coldchain_backend.ledger import MarkName, mark_record, open_ledger
from coldchain_backend.web.vitals import COURIER_MS, Facts, Part, parts_of, ready
from support.judged_log import Log
from support.still_clock import StillClock

NOW = 1_795_376_523_000
WELL = Facts(
    now_ms=NOW, started_ms=NOW - 3_600_000, newest_ms=NOW - 9_000, full=False, behind=0,
    judged_ms=NOW - 9_000, courier_ms=NOW - 29_000, held=False,
)  # fmt: skip


def by_name(facts: Facts) -> dict[str, Part]:
    return {part.name: part for part in parts_of(facts)}


def test_a_quiet_server_is_well() -> None:
    parts = parts_of(WELL)
    assert [part.name for part in parts] == ["evidence", "judging", "courier"]
    assert all(part.ok and not part.why for part in parts)
    assert ready(parts)


@pytest.mark.parametrize(
    ("facts", "ill", "why", "is_ready"),
    [
        (replace(WELL, full=True), "evidence", "disk is full", False),
        (replace(WELL, newest_ms=NOW - 46_000), "evidence", "for 46 s", False),
        (replace(WELL, behind=10_001), "judging", "10001 records", False),
        (replace(WELL, behind=3, judged_ms=NOW - 61_000, newest_ms=NOW - 61_000), "judging", "61 s", False),
        (replace(WELL, courier_ms=NOW - 121_000), "courier", "121 s", True),
        (replace(WELL, courier_ms=None), "courier", "3600 s", True),
        (replace(WELL, held=True), "courier", "old backend", True),
        (
            replace(WELL, lost="the state cannot be reached: refused", behind=20_000),
            "judging",
            "refused",
            False,
        ),
    ],
)
def test_what_is_ill_says_why(facts: Facts, ill: str, why: str, is_ready: bool) -> None:  # noqa: FBT001 - a column
    parts = by_name(facts)
    assert [name for name, part in parts.items() if not part.ok] == [ill]
    assert why in parts[ill].why
    assert ready(list(parts.values())) is is_ready


@pytest.mark.parametrize(
    "facts",
    [
        replace(WELL, behind=10_000),
        replace(WELL, judged_ms=0),  # nothing is behind: an old stamp is a quiet log
        replace(
            WELL, newest_ms=NOW + 60_000, judged_ms=NOW + 60_000, courier_ms=NOW + 60_000
        ),  # clock went back
        replace(WELL, started_ms=NOW - 5_000, courier_ms=None),
    ],
)
def test_what_is_no_illness(facts: Facts) -> None:
    assert all(part.ok for part in parts_of(facts))


async def test_the_courier_is_felt_each_time_it_asks_for_news(tmp_path: Path) -> None:
    clock, asked = StillClock(NOW), list[int]()

    async def news(after: int) -> int:
        asked.append(after)
        return after + 1

    log = Log(tmp_path)
    with open_ledger(tmp_path / "ledger", "demo", clock) as ledger:
        vitals = Vitals(clock=clock, ledger=ledger, answers=log.answers, held=tmp_path / "held")
        heard = vitals.at_each_round(news)
        clock.advance(COURIER_MS + 1)
        assert [part.name for part in vitals() if not part.ok] == ["evidence", "courier"]
        assert await heard(3) == 4
        assert [part.name for part in vitals() if not part.ok] == ["evidence"]
        await ledger.append([mark_record(MarkName.ALIVE)])
        (tmp_path / "held").touch()
        assert [part.why for part in vitals() if part.name == "courier"] != [""]
    assert asked == [3]
    log.close()

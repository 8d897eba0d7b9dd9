"""Whether a plan may be applied, and that it is in the ledger before anything acts on it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given

from coldchain.errors import Unavailable
from coldchain_backend.fleet import Fleet, Plan
from coldchain_backend.fleetfile import (
    FleetBook,
    Objection,
    Ready,
    Stale,
    Unchanged,
    Wish,
    compare,
    decide,
    parse,
)
from coldchain_backend.ledger import MarkName, MemoryLedger, NewRecord, Record, mark_record
from support.fake_clock import FakeClock
from support.fleets import FLEET_FILE, plans, version

GOOD = FLEET_FILE.read_text("utf-8")
FIRST = parse(GOOD)
OTHER = parse(GOOD.replace("state: empty", "state: in_use"))
LESS = parse(GOOD.replace("  - {id: dock-wall, interval: 60s}\n", "").replace(", sensor: dock-wall", ""))


def newest(plan: Plan) -> Fleet:
    return Fleet.empty("demo").with_version(version(plan, 5, 1000))


@given(plans())
def test_the_same_plan_again_is_no_change(plan: Plan) -> None:
    assert decide(newest(plan).current, Wish(plan=plan, base=None)) == Unchanged()
    assert decide(newest(plan).current, Wish(plan=plan, base=1)) == Unchanged()


@given(plans(), plans())
def test_with_all_flags_and_a_reason_only_clashes_stand_against_it(old: Plan, new: Plan) -> None:
    wish = Wish(plan=new, base=5, allow_removals=True, allow_loosened=True, reason="so it is")
    decision = decide(newest(old).current, wish)
    clashes = compare(old, new).clashes
    if old == new:
        assert decision == Unchanged()
    elif clashes:
        assert isinstance(decision, Objection)
        assert decision.problems == clashes
    else:
        assert isinstance(decision, Ready)


@given(plans(), plans())
def test_without_flags_nothing_is_taken_away_or_loosened(old: Plan, new: Plan) -> None:
    decision = decide(newest(old).current, Wish(plan=new, base=5))
    if isinstance(decision, Ready):
        assert not decision.difference.removes
        assert not decision.difference.looser


def test_a_file_made_from_an_older_version_is_refused() -> None:
    assert decide(newest(FIRST).current, Wish(plan=OTHER, base=4)) == Stale(newest=5)


def test_the_first_file_needs_no_flag() -> None:
    assert isinstance(decide(Fleet.empty("demo").current, Wish(plan=FIRST, base=0)), Ready)


def test_a_file_of_another_organisation_is_refused() -> None:
    foreign = parse(GOOD.replace("organisation: demo", "organisation: other"))
    decision = decide(Fleet.empty("demo").current, Wish(plan=foreign, base=None))
    assert isinstance(decision, Objection)
    assert "organisation other" in decision.problems[0]


def test_removals_need_their_flag_and_a_reason() -> None:
    decision = decide(newest(FIRST).current, Wish(plan=LESS, base=5))
    assert isinstance(decision, Objection)
    assert any("--allow-removals" in one for one in decision.problems)
    decision = decide(newest(FIRST).current, Wish(plan=LESS, base=5, allow_removals=True, reason=" "))
    assert isinstance(decision, Objection)
    assert any("--reason" in one for one in decision.problems)


class BrokenLedger(MemoryLedger):
    """Takes nothing, as with a full disk."""

    async def append(self, records: Sequence[NewRecord]) -> Sequence[Record]:
        raise Unavailable("no room")


async def test_a_version_is_in_the_ledger_before_it_is_in_force() -> None:
    ledger = MemoryLedger("demo", FakeClock())
    ledger.put([mark_record(MarkName.START)])
    book = FleetBook(ledger, "demo")
    decision, version = await book.apply(Wish(plan=FIRST, base=None), GOOD, "陈静", ())
    assert isinstance(decision, Ready)
    assert (version.number, version.by, version.text) == (2, "陈静", GOOD)
    again = FleetBook(ledger, "demo")
    for record in ledger.read(0, 10):
        again.see(record)
        again.see(record)
    assert again.fleet == book.fleet


async def test_what_the_ledger_does_not_take_is_not_in_force() -> None:
    book = FleetBook(BrokenLedger("demo", FakeClock()), "demo")
    with pytest.raises(Unavailable):
        await book.apply(Wish(plan=FIRST, base=None), GOOD, "admin", ())
    assert book.fleet == Fleet.empty("demo")

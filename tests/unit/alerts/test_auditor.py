"""The auditor: told or a stated reason for every alert that goes on; nothing else passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete

from coldchain.profiles import Level
from coldchain_backend.alerts import (
    Alert,
    AlertKind,
    AlertState,
    Cause,
    Muted,
    MuteKind,
    Queued,
    Stated,
    Subject,
    audit,
    counts,
)
from coldchain_backend.app.auditing import Auditor
from coldchain_backend.fleet import Plan
from coldchain_backend.ledger import MarkName, mark_record
from coldchain_backend.sql import schema
from support.judged_log import MINUTE, SECOND, T0, Log, plan
from support.routed import routed
from support.still_clock import StillClock

if TYPE_CHECKING:
    from pathlib import Path

    from coldchain_backend.ledger import Json

NOW = 1_000_000
CAUSE = Cause(
    id="c", kind=AlertKind.EXCURSION, subject=Subject(asset="truck", zone="truck.box"), opened_ms=NOW,
    known_ms=NOW, level=Level.ALARM,
)  # fmt: skip
ALERT = Alert(
    id="al_1", cause=CAUSE, state=AlertState.FIRING, level=Level.ALARM, sequence=1, revision=1, paged=True,
    told=("dispatch", "day"), fired_ms=NOW,
)  # fmt: skip
PLAN = routed()


def stated(
    alert: Alert, alone: tuple[str, ...] = (), in_digest: tuple[str, ...] = (), fleet: Plan = PLAN
) -> Stated:
    queued = Queued(alert=alert, alone=frozenset(alone), in_digest=frozenset(in_digest))
    [found] = audit([queued], fleet, NOW)
    assert found.alert == "al_1"
    return found.stated


def test_an_alert_is_told_when_everybody_who_was_to_hear_has_something_queued() -> None:
    assert stated(ALERT, ("dispatch", "day")) is Stated.TOLD
    assert stated(ALERT, ("dispatch",), ("day",)) is Stated.TOLD
    assert stated(ALERT, (), ("dispatch", "day")) is Stated.IN_DIGEST


def test_one_who_was_to_hear_and_has_nothing_is_unexplained_unless_gone() -> None:
    assert stated(ALERT, ("dispatch",)) is Stated.UNEXPLAINED
    assert stated(replace(ALERT, told=("dispatch", "left")), ("dispatch",)) is Stated.TOLD
    assert stated(replace(ALERT, told=("left",))) is Stated.RECEIVER_GONE


@pytest.mark.parametrize("kind", list(MuteKind))
def test_what_lies_over_an_alert_is_its_reason(kind: MuteKind) -> None:
    muted = Muted(kind=kind, source="m", by="Li", reason="repair")
    assert stated(replace(ALERT, told=(), muted=muted)).value == kind.value


def test_nobody_told_needs_a_reason() -> None:
    untold = replace(ALERT, told=())
    assert stated(untold) is Stated.UNEXPLAINED
    assert stated(replace(untold, paged=False)) is Stated.PAST
    assert stated(replace(untold, paged=False, level=Level.WARNING)) is Stated.PAGE_ONLY
    assert stated(untold, fleet=Plan(organisation="demo")) is Stated.NO_RECEIVER
    system = replace(untold, cause=replace(CAUSE, kind=AlertKind.SYSTEM))
    assert stated(system) is Stated.UNEXPLAINED


def test_counts_name_every_reason() -> None:
    found = audit([Queued(alert=ALERT), Queued(alert=ALERT, alone=frozenset(ALERT.told))], PLAN, NOW)
    assert counts(found) == {one: int(one in {Stated.TOLD, Stated.UNEXPLAINED}) for one in Stated}


class Marks:
    """Where marks go: into the log, and it is judged."""

    def __init__(self, log: Log) -> None:
        self.log, self.names = log, list[MarkName]()

    async def __call__(self, name: MarkName, said: dict[str, Json]) -> None:
        self.names.append(name)
        self.log.put(mark_record(name, said))


async def test_a_telling_that_vanished_is_a_system_alert_until_it_is_explained(tmp_path: Path) -> None:
    """The queue is robbed: what the desk decided is no longer there. Nobody would ever know."""
    log = Log(tmp_path)
    try:
        log.fleet(plan({"s": MINUTE}, receivers=("it", "dispatch")))
        for second in (0, 10, 20):
            log.at(T0 + second * SECOND)
            log.say(("s", T0 + second * SECOND, 12.0))
        marks = Marks(log)
        auditor = Auditor(log.answers, StillClock(T0), marks)
        await auditor.turn()
        await auditor.turn()
        assert marks.names == [MarkName.ALL_TOLD]
        assert {one.stated for one in log.answers.audit()} == {Stated.TOLD}
        with log.database.write() as connection, connection.begin():
            connection.execute(delete(schema.delivery).where(schema.delivery.c.receiver == "dispatch"))
        await auditor.turn()
        await auditor.turn()
        assert marks.names == [MarkName.ALL_TOLD, MarkName.UNTOLD]
        log.only = "system"
        assert log.told() == ["it alert.fired"]
        log.at(T0 + MINUTE)
        log.say(("s", log.clock.wall_ms, 4.0))
        await auditor.turn()
        assert log.told() == ["it alert.fired", "it alert.resolved"]
    finally:
        log.close()

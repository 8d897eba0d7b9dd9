"""Nobody can tell from what was said that the process was restarted: the judged state is the only source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import orjson
import pytest

from coldchain_backend.alerts import AlertKind
from coldchain_backend.fleet import Plan, ZoneState
from coldchain_backend.ledger import ActName, Json, act_record
from coldchain_backend.sql import compare
from support.acceptance import Figures
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan, profile
from support.soak import rounds

STEP = 10 * SECOND
SENSORS = {"a": STEP, "b": STEP, "c": STEP}


def bodies(log: Log, kind: str) -> list[dict[str, object]]:
    """The data of all tellings of a type."""
    found = [orjson.loads(line.split(" ", 2)[2]) for line in log.deliveries()]
    return [one["data"] for one in found if one["type"] == kind]


def act(log: Log, name: ActName, **details: Json) -> None:
    log.put(act_record(name.value, "Li", {"reason": "because", **details}))


@pytest.mark.parametrize("restart", [False, True])
def test_what_a_persons_act_withdraws_says_how_long_it_was_out(log: Log, *, restart: bool) -> None:
    """Only others spoke since: it counts the time that is known, which ends an interval after the reading."""
    log.fleet(plan(SENSORS))
    for number in range(3):
        log.at(T0 + number * STEP)
        log.say(("a", T0 + number * STEP, 9.5))
    for number in range(3, 9):
        log.at(T0 + number * STEP)
        log.say(("b", T0 + number * STEP, 4.0))
    if restart:
        log.restart()
    act(log, ActName.ZONE_STATE, zone="z", state="empty", **{"from": T0 - MINUTE})
    [closed] = bodies(log, "alert.closed")
    assert closed["out_minutes"] == 0.5


@pytest.mark.parametrize("restart", [False, True])
def test_what_late_readings_take_back_says_how_long_it_was_out(log: Log, *, restart: bool) -> None:
    log.fleet(plan(SENSORS, limits=profile(alarm_after_ms=15 * SECOND)))
    for number in (0, 2, 4):
        log.at(T0 + number * STEP)
        log.say(("a", T0 + number * STEP, 9.5))
    for number in range(5, 9):
        log.at(T0 + number * STEP)
        log.say(("b", T0 + number * STEP, 4.0))
    if restart:
        log.restart()
    log.say(*(("a", T0 + number * STEP, 4.0) for number in (1, 3)))
    log.at(log.clock.wall_ms + 2 * SECOND)
    log.mark()
    told = [line.split(" ", 2)[2] for line in log.deliveries()]
    said = [orjson.loads(one)["data"] for one in told]
    assert [(one["state"], one["out_minutes"]) for one in said if one["sensor"] == "a"]
    assert all(one["out_minutes"] != 0.0 for one in said if one["state"] == "withdrawn")


@pytest.mark.parametrize("restart", [False, True])
def test_a_gateway_that_is_away_when_its_zone_comes_into_use_is_missed(log: Log, *, restart: bool) -> None:
    """While nothing of it is in use it may be away; from then on it has its time to be heard."""
    log.fleet(plan(SENSORS, state=ZoneState.EMPTY, offline_after_ms=5 * MINUTE))
    log.alive_until(T0 + 20 * MINUTE, every_ms=MINUTE)
    act(log, ActName.ZONE_STATE, zone="z", state="in_use")
    if restart:
        log.restart()
    log.alive_until(T0 + 25 * MINUTE - SECOND, every_ms=MINUTE)
    assert log.steps() == []
    log.alive_until(T0 + 26 * MINUTE, every_ms=MINUTE)
    [away] = log.alerts()
    assert (away.cause.kind, away.cause.sensors) == (AlertKind.GATEWAY_OFFLINE, ("a", "b", "c"))
    assert away.cause.reached_ms == T0 + 25 * MINUTE


class Life:
    """One random life; the same seed is the same life, with or without restarts."""

    def __init__(self, log: Log, seed: int, *, restarts: bool) -> None:
        self.log, self.restarts, self.random = log, restarts, Random(seed)
        self.gathers_ms = STEP if seed % 2 else None
        log.fleet(self.gathering(plan(SENSORS, receivers=("dispatch", "shift"))))
        for _ in range(25):
            self.step()
            log.at(log.clock.wall_ms + self.random.choice([0, 1, 3, 30]) * STEP)
            if restarts:
                log.restart()
        log.alive_until(log.clock.wall_ms + HOUR, every_ms=5 * MINUTE)

    def step(self) -> None:
        log, random, now_ms = self.log, self.random, self.log.clock.wall_ms
        match random.choice(["say", "say", "say", "late", "quiet", "fleet", "state", "act", "window"]):
            case "say":
                log.say((random.choice("abc"), now_ms, random.choice([4.0, 9.0, 9.5, -1.0])))
            case "late":
                back_ms = random.randrange(1, 40) * STEP
                log.say((random.choice("abc"), max(T0, now_ms - back_ms), random.choice([4.0, 9.5])))
            case "fleet":
                log.fleet(self.another())
            case "state":
                from_ms = max(T0, now_ms - random.choice([0, 5, 60]) * STEP)
                state = random.choice(["empty", "in_use"])
                act(log, ActName.ZONE_STATE, zone="z", state=state, **{"from": from_ms})
            case "act" if log.alerts():
                act(log, ActName.ACKNOWLEDGE, alert=random.choice(log.alerts()).id)
            case "window":
                act(log, ActName.WINDOW, zone="z", to=now_ms + 5 * MINUTE)
            case _:
                log.mark()

    def gathering(self, what: Plan) -> Plan:
        """The plan, in every second life with receivers for whom alarms gather."""
        receivers = tuple(replace(one, group_wait_ms=self.gathers_ms) for one in what.receivers)
        return replace(what, receivers=receivers)

    def another(self) -> Plan:
        """Another alarm delay, another limit, or one receiver less."""
        limits = profile(alarm_after_ms=self.random.choice([10, 20, 60]) * SECOND)
        what = self.gathering(plan(SENSORS, limits=limits, receivers=("dispatch", "shift")))
        return replace(what, receivers=what.receivers[: self.random.choice([1, 2])])


CLOSED_BY_A_PERSON = 154
"""In this life an alert is closed by a change of configuration while its excursion goes on."""


@pytest.mark.soak
@pytest.mark.acceptance("T5")
@pytest.mark.parametrize("seed", sorted({*range(rounds(4, 300)), CLOSED_BY_A_PERSON}))
def test_no_notice_of_any_life_tells_of_a_restart(tmp_path: Path, seed: int, figures: Figures) -> None:
    plain, again = Log(tmp_path), Log(tmp_path)
    try:
        Life(plain, seed, restarts=False)
        Life(again, seed, restarts=True)
        assert plain.deliveries() == again.deliveries()
        assert list(compare(plain.database, again.database)) == []
        figures.add(lives=1, restarts=25, notices=len(plain.deliveries()), differences=0)
    finally:
        plain.close()
        again.close()

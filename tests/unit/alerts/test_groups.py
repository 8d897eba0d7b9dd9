"""Groups: of one asset and cause one message behind the first critical; each member is heard to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, Cause, Delivery, alert_id_of
from coldchain_backend.fleet import Alerting, Fleet, FleetVersion, Rate
from support.acceptance import Figures
from support.alert_stage import ENDS, HOUR, MINUTE, Stage, cause, fleet_of
from support.judged_log import T0
from support.soak import rounds

WAIT = 10_000
TWENTY = Rate(count=20, per_ms=MINUTE)
AMPLE = Rate(count=1000, per_ms=1000)


def gathering(*names: str, rate: Rate = AMPLE, wait_ms: int = WAIT, flood: int = 1000) -> Fleet:
    """A fleet whose receivers have their alarms gathered."""
    plan = fleet_of(*(names or ("a",)), rate=rate, alerting=Alerting(flood_count=flood)).plan
    receivers = tuple(replace(one, group_wait_ms=wait_ms) for one in plan.receivers)
    plan = replace(plan, receivers=receivers)
    version = FleetVersion(number=1, from_ms=T0, digest="", plan=plan, text="", by="admin")
    return Fleet.empty("demo").with_version(version)


def sent(stage: Stage, receiver: str = "a") -> list[Delivery]:
    return [one for one in stage.book.deliveries.values() if one.receiver == receiver]


def said(stage: Stage, one: Delivery) -> tuple[str, list[tuple[str, str]]]:
    """The type of a message, and the sensors that it speaks of, each with what happened."""
    document = orjson.loads(one.body)
    kind, data = document["type"], document["data"]
    named = data["named"] if kind == "alert.digest" else [{**data, "event": kind.removeprefix("alert.")}]
    sensors = [stage.book.alerts[alert["alert_id"]].cause.subject.sensor or "" for alert in named]
    return kind, [(sensor, alert["event"]) for sensor, alert in zip(sensors, named, strict=True)]


def messages(stage: Stage, receiver: str = "a") -> list[tuple[int, list[tuple[str, str]]]]:
    """When a receiver was told what, since the beginning."""
    return [(one.at_ms - T0, said(stage, one)[1]) for one in sent(stage, receiver)]


def test_the_first_critical_waits_for_nothing_and_what_follows_is_one_message() -> None:
    stage = Stage(fleet=gathering())
    for index in range(5):
        stage.fire(cause(f"c{index}", sensor=f"s{index}"))
        stage.go(1000)
    stage.go(HOUR)
    assert messages(stage) == [
        (0, [("s0", "fired")]),
        (1000 + WAIT, [(f"s{index}", "fired") for index in range(1, 5)]),
    ]
    document = orjson.loads(sent(stage)[1].body)
    assert document["type"] == "alert.digest"
    data = document["data"]
    assert data["group"] == {"asset": "store", "gateway": None, "cause": "excursion"}
    assert (data["count"], data["unnamed"], data["critical"], data["level"]) == (4, 0, True, "alarm")
    assert data["link"] == "http://page/alerts?asset=store"
    assert [one["alert_id"] for one in data["named"]] == [alert_id_of(f"c{index}") for index in range(1, 5)]


def test_each_member_is_heard_to_its_end_and_ends_that_come_together_are_one_message() -> None:
    stage = Stage(fleet=gathering())
    causes = [cause(f"c{index}", sensor=f"s{index}") for index in range(4)]
    for one in causes:
        stage.fire(one)
    stage.go(MINUTE)
    for one in causes:
        stage.end(one)
        stage.go(1000)
    stage.go(HOUR)
    assert messages(stage)[2:] == [
        (MINUTE, [("s0", "resolved")]),
        (MINUTE + 1000 + WAIT, [("s1", "resolved"), ("s2", "resolved"), ("s3", "resolved")]),
    ]
    for index in range(4):
        assert stage.heard("a", f"c{index}") == ["alert.fired", "alert.resolved"]
        assert stage.alert(f"c{index}").by_group == (() if index == 0 else ("a",))


def test_what_gathers_nobody_else_reads_as_if_it_had_not_waited() -> None:
    stage = Stage(fleet=gathering())
    for name in ("x", "y"):
        stage.fire(cause(name, sensor=name))
    stage.go(HOUR)
    assert [said(stage, one)[0] for one in sent(stage)] == ["alert.fired", "alert.fired"]
    alone = orjson.loads(sent(stage)[1].body)["data"]
    assert (alone["alert_id"], alone["value_c"], alone["limit_c"]) == (alert_id_of("y"), 9.0, 8.0)
    assert alone["link"].endswith(alert_id_of("y"))
    assert [one.alert[:3] for one in sent(stage)] == ["al_", "gr_"], (
        "it keeps its place in the group's stream"
    )


@pytest.mark.parametrize(
    "other",
    [
        cause("y", sensor="y", asset="truck"),
        cause("y", sensor="y", kind=AlertKind.SILENCE),
        replace(cause("y"), subject=replace(cause("y", sensor="y").subject, gateway="gw")),
    ],
)
def test_another_asset_cause_or_gateway_is_another_group(other: Cause) -> None:
    stage = Stage(fleet=gathering())
    stage.fire(cause("x", sensor="x"))
    stage.fire(other)
    assert [at for at, _ in messages(stage)] == [0, 0]


def test_a_critical_that_comes_among_warnings_waits_for_nothing() -> None:
    """Who is called by a route for warnings hears them together; the alarm among them at once."""
    fleet = gathering()
    stage = Stage(fleet=fleet)
    stage.fire(cause("x", sensor="x"))
    stage.go(5000)
    stage.fire(cause("y", sensor="y"))
    stage.go(5000)
    stage.fire(cause("z", sensor="z"))
    stage.go(HOUR)
    assert messages(stage) == [
        (0, [("x", "fired")]),
        (10_000, [("z", "fired")]),
        (15_000, [("y", "fired")]),
    ]


def test_a_member_that_calls_again_is_told_at_once_behind_what_waits() -> None:
    """An acknowledgement that times out calls; the receiver hears it in the group's stream, and in order."""
    stage = Stage(fleet=gathering())
    for name in ("x", "y", "z"):
        stage.fire(cause(name, sensor=name))
    stage.go(MINUTE)
    stage.act("acknowledge", alert=alert_id_of("y"))
    stage.go(5 * HOUR)
    assert stage.heard("a", "y") == ["alert.fired", "alert.acknowledged", "alert.rearmed"]
    rearmed = sent(stage)[-1]
    assert said(stage, rearmed) == ("alert.rearmed", [("y", "rearmed")])
    assert rearmed.at_ms == stage.alert("y").called_ms
    assert rearmed.alert == sent(stage)[1].alert
    assert [one.sequence for one in sent(stage) if one.alert == rearmed.alert] == [1, 2, 3]


def test_programs_get_each_event_by_itself_unless_asked() -> None:
    plan = fleet_of("a").plan
    assert plan.receivers[0].kind == "webhook"
    assert plan.receivers[0].gathers_ms(WAIT) == 0
    assert replace(plan.receivers[0], group_wait_ms=5000).gathers_ms(WAIT) == 5000
    stage = Stage()
    for index in range(5):
        stage.fire(cause(f"c{index}", sensor=f"s{index}"))
    assert [at for at, _ in messages(stage)] == [0] * 5


def test_alerts_about_the_product_do_not_gather() -> None:
    stage = Stage(fleet=gathering())
    for name in ("x", "y"):
        stage.fire(cause(name, sensor=name, kind=AlertKind.SYSTEM))
    assert [at for at, _ in messages(stage)] == [0, 0]


def test_a_receiver_that_left_while_alarms_gathered_is_told_what_it_is_owed() -> None:
    stage = Stage(fleet=gathering("a", "b"))
    for name in ("x", "y", "z"):
        stage.fire(cause(name, sensor=name))
    stage.fleet = replace(stage.fleet, versions=gathering("a").versions)
    stage.go(MINUTE)
    for name in ("x", "y", "z"):
        stage.end(cause(name, sensor=name))
    stage.go(HOUR)
    for (_, alert), story in stage.stories().items():
        assert story[0] == "alert.fired", alert
        assert story[-1] in ENDS, alert
    assert len(stage.stories()) == 6


def test_in_a_flood_the_rate_decides_and_groups_do_not_grow_beyond_it() -> None:
    stage = Stage(fleet=gathering(rate=TWENTY, flood=10))
    for index in range(300):
        stage.fire(cause(f"c{index}", sensor=f"s{index}", asset=f"a{index % 60}"))
        stage.go(100)
    stage.go(HOUR)
    assert all(stage.heard("a", f"c{index}") == ["alert.fired"] for index in range(300))
    assert len(sent(stage)) < 60, "digests take what groups have no room for"
    due = sorted(one.due_ms for one in sent(stage))
    assert max(sum(1 for at in due if first <= at < first + MINUTE) for first in due) <= TWENTY.count
    assert not [name for name in stage.book.memos if name.startswith("group")], "nothing is left behind"


@dataclass(frozen=True)
class Did:
    """One thing that happens, and how long it is until the next."""

    what: str
    number: int
    then_ms: int


STEPS = st.builds(
    Did,
    what=st.sampled_from(["fire", "fire", "fire", "worse", "end", "end", "acknowledge", "shelve", "again"]),
    number=st.integers(0, 7),
    then_ms=st.sampled_from([0, 0, 500, 3000, WAIT - 1, WAIT, WAIT + 1, 5 * MINUTE]),
)


class Course:
    """Eight points of two assets that come and go as is said; `restarts` after so many steps each."""

    def __init__(self, steps: Sequence[Did], rate: Rate, restarts: int = 0) -> None:
        self.stage = Stage(fleet=gathering("a", "b", rate=rate, flood=12))
        self.counts = [0] * 8
        for index, did in enumerate(steps):
            self.do(did)
            if restarts and index % restarts == 0:
                self.stage.restart()
            self.stage.go(did.then_ms)
        for number in range(8):
            self.do(Did("end", number, 0))
        self.stage.go(24 * HOUR)

    def cause_of(self, number: int) -> Cause:
        asset = "store" if number < 5 else "truck"
        name = f"c{number}.{self.counts[number]}"
        return cause(name, sensor=f"s{number}", asset=asset, opened_ms=self.stage.now_ms)

    def do(self, did: Did) -> None:
        stage, number = self.stage, did.number
        name = f"c{number}.{self.counts[number]}"
        known = stage.book.alerts.get(alert_id_of(name))
        if did.what == "fire" and known is None:
            stage.fire(self.cause_of(number))
        elif did.what == "worse" and known is None:
            stage.fire(replace(self.cause_of(number), level=Level.WARNING))
        elif known is None:
            return
        elif did.what in {"fire", "worse"} and known.state.open:
            stage.fire(replace(known.cause, level=Level.ALARM, reached_ms=stage.now_ms))
        elif did.what == "end" and known.state.open:
            stage.end(known.cause)
        elif did.what == "again" and not known.state.open:
            self.counts[number] += 1
        elif did.what == "acknowledge" and known.state.open:
            stage.act("acknowledge", alert=known.id)
        elif did.what == "shelve" and known.state.open:
            stage.act("shelve", alert=known.id)


def in_order(stage: Stage) -> dict[tuple[str, str], list[tuple[int, str]]]:
    """What each receiver reads of each alert, (sequence, event), in the order of the messages."""
    entries: dict[str, list[tuple[str, int, str]]] = {}
    for one in sorted(
        stage.book.told_in_digests.values(), key=lambda one: (one.at_ms, one.alert, one.sequence)
    ):
        entries.setdefault(one.digest or "", []).append((one.alert, one.sequence, one.type))
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for told in stage.book.deliveries.values():
        alone = [(told.alert, told.sequence, orjson.loads(told.body)["type"])]
        for alert, sequence, event in entries.get(told.id, alone):
            found.setdefault((told.receiver, alert), []).append((sequence, event))
    return found


@pytest.mark.acceptance("T3")
@settings(max_examples=rounds(25, 3000))
@given(st.lists(STEPS, max_size=25), st.sampled_from([AMPLE, TWENTY, Rate(count=4, per_ms=MINUTE)]))
def test_whatever_comes_every_member_is_told_in_order_and_to_its_end(steps: list[Did], rate: Rate) -> None:
    stage = Course(steps, rate).stage
    assert not [one for one in stage.book.told_in_digests.values() if one.digest is None]
    heard = in_order(stage)
    for alert in stage.book.alerts.values():
        for name in alert.told:
            story = heard[name, alert.id]
            assert [number for number, _ in story] == sorted({number for number, _ in story})
            assert story[0][1] == "alert.fired"
            assert alert.state.open or story[-1][1] in ENDS or story[-1][1] == "alert.acknowledged"
            assert alert.state.open or [event for _, event in story if event in ENDS]
    for name in ("a", "b"):
        due = sorted(one.due_ms for one in sent(stage, name))
        assert (
            not due or max(sum(1 for at in due if one <= at < one + rate.per_ms) for one in due) <= rate.count
        )


@pytest.mark.acceptance("T5")
@settings(max_examples=rounds(25, 3000))
@given(st.lists(STEPS, max_size=25), st.sampled_from([1, 2, 3]))
def test_a_restart_in_the_middle_of_a_wait_changes_nothing(steps: list[Did], every: int) -> None:
    plain, again = Course(steps, TWENTY), Course(steps, TWENTY, restarts=every)
    assert plain.stage.book == again.stage.book


@settings(max_examples=rounds(25, 3000))
@given(st.lists(STEPS, max_size=25))
def test_no_alarm_waits_longer_than_the_wait_and_none_without_another_before_it(steps: list[Did]) -> None:
    """Where the rate has room: whatever calls people goes at once, or stands behind one that just went."""
    stage = Course([one for one in steps if one.what != "shelve"], AMPLE).stage
    told_ms = {one.id: one.at_ms for one in stage.book.deliveries.values()}
    groups = {name for name in (one.line for one in stage.book.told_in_digests.values()) if name}
    for one in stage.book.told_in_digests.values():
        if one.line:
            assert one.at_ms <= told_ms[one.digest or ""] <= one.at_ms + WAIT
    for group in groups:
        waited = [one for one in stage.book.told_in_digests.values() if one.line == group and one.critical]
        for one in waited:
            if one.type != "alert.fired" or told_ms[one.digest or ""] == one.at_ms:
                continue
            asset = stage.book.alerts[one.alert].cause.subject.asset
            before = [
                other
                for other in stage.book.deliveries.values()
                if other.receiver == one.receiver
                and other.critical
                and one.at_ms - WAIT < other.at_ms <= one.at_ms
                and asset in orjson.loads(other.body)["data"]["asset"]
            ]
            assert before


@pytest.mark.soak
@pytest.mark.acceptance("T11")
def test_a_storm_of_one_asset_is_two_messages(figures: Figures) -> None:
    number = rounds(200, 5000)
    stage = Stage(fleet=gathering(flood=100_000))
    for index in range(number):
        stage.fire(cause(f"c{index}", sensor=f"s{index}"))
    stage.go(HOUR)
    figures.add(alerts=number, messages=len(sent(stage)))
    assert len(sent(stage)) == 2
    assert orjson.loads(sent(stage)[1].body)["data"]["count"] == number - 1
    assert len(sent(stage)[1].body) < 20_000

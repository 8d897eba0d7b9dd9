"""The resolve contract: whoever heard the fire hears the end, whatever lies between."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from coldchain.profiles import Level
from coldchain_backend.alerts import Alert, AlertState, EndKind, TransitionKind, alert_id_of, mute_id_of
from coldchain_backend.fleet import Alerting, Rate, receivers_ever
from coldchain_backend.ledger import Json
from support.acceptance import Figures
from support.alert_stage import ENDS, HOUR, MINUTE, Stage, cause, fleet_of
from support.soak import rounds

NAMES = ("p", "q", "r")
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without shrinking: a life is short enough to be read as it is."""

AFTER_THE_END = {"alert.amended", "alert.disposed", "alert.acknowledged"}
"""What may be told of an alert that has ended."""

OFTEN = Alerting(ack_timeout_ms=HOUR, rearm_ms=HOUR, chatter_count=3, flood_count=4)
"""Everything happens often: people are called again, sources chatter, floods come."""

FLEETS = [
    fleet_of("a", alerting=OFTEN),
    fleet_of("a", "b", alerting=OFTEN, rate=Rate(count=4, per_ms=MINUTE)),
    fleet_of("b", alerting=OFTEN, rate=Rate(count=1, per_ms=MINUTE)),
]
Doing = tuple[str, str, int]


class Played:
    """One random life of a few alerts of two sensors."""

    def __init__(self) -> None:
        self.stage = Stage(fleet=FLEETS[0])
        self.round = dict.fromkeys(NAMES, 0)
        self.mutes: list[int] = []

    def name(self, name: str) -> str:
        """The cause that goes on under a letter, or went on last."""
        return f"{name}{self.round[name]}"

    def known(self, name: str) -> Alert | None:
        return self.stage.desk.alert_of(self.name(name))

    def do(self, doing: str, name: str, number: int) -> None:
        """One thing happens to the alert under a letter."""
        stage, alert = self.stage, alert_id_of(self.name(name))
        match doing:
            case "acknowledge" | "unshelve" | "comment":
                stage.act(doing, alert, text="noted")
            case "shelve":
                stage.act("shelve", alert, until=stage.now_ms + number * 10 * MINUTE)
            case "one_shot":
                stage.act("shelve", alert, one_shot=True)
            case "wait":
                stage.go(number * MINUTE)
            case "long":
                stage.go(number * HOUR)
            case "fleet":
                stage.fleet = FLEETS[number % len(FLEETS)]
            case "restart":
                stage.restart()
            case "merge":
                self.merge(name)
            case "fire" | "warn" | "again":
                self.fire(doing, name)
            case "end" | "close" | "withdraw":
                self.end(doing, name)
            case _:
                self.mute(doing, number)

    def fire(self, doing: str, name: str) -> None:
        """It fires, or goes on; "again": also what had ended, by late data."""
        stage, known = self.stage, self.known(name)
        if known is not None and not known.state.open and doing != "again":
            self.round[name] += 1
            known = None
        level = Level.WARNING if doing == "warn" else Level.ALARM
        if known is None:
            sensor = "s" if name == "p" else "t"
            stage.fire(cause(self.name(name), level, sensor=sensor, rule=name, opened_ms=stage.now_ms))
        else:
            louder = max(level, known.level, key=lambda one: one.rank)
            stage.fire(replace(known.cause, level=louder, end=None))

    def end(self, doing: str, name: str) -> None:
        """It ends by readings, by a change of configuration, or never was."""
        known = self.known(name)
        kinds = {"end": EndKind.RESOLVED, "close": EndKind.CLOSED, "withdraw": EndKind.WITHDRAWN}
        if known is not None:
            self.stage.end(known.cause, kinds[doing], by="admin" if doing == "close" else None)

    def merge(self, name: str) -> None:
        """It turns out to be part of what goes on under q."""
        gone, into = self.known(name), self.known("q")
        if name != "q" and gone is not None and into is not None and gone.state.open and into.state.open:
            self.stage.desk.merge(gone.cause, self.name("q"), self.stage.now_ms, self.stage.fleet)

    def mute(self, doing: str, number: int) -> None:
        """A window, every night or once; a time out of service, and its end."""
        stage = self.stage
        if doing == "window":
            self.mutes.append(stage.act("window", zone="z", to=stage.now_ms + number * 10 * MINUTE))
        elif doing == "night":
            days: list[Json] = [0, 1, 2, 3, 4, 5, 6]
            times: list[Json] = [{"days": days, "from": 60 * number, "to": 30}]
            to_ms = stage.now_ms + 30 * HOUR
            stage.act("window", sensor="t", to=to_ms, times=times, time_zone="Asia/Shanghai")
        elif doing == "out_of_service":
            self.mutes.append(stage.act("out_of_service", sensor="s"))
        elif self.mutes:
            stage.act("return_to_service", id=mute_id_of(self.mutes.pop()))

    def finish(self) -> None:
        """Every condition ends, and all that is due is done."""
        for name in NAMES:
            self.end("end", name)
        for mute in self.stage.desk.mutes.all():
            self.stage.act("return_to_service", id=mute.id)
        self.stage.go(200 * HOUR)


DOINGS = st.sampled_from([
    "fire", "fire", "fire", "warn", "again", "end", "end", "close", "withdraw", "merge", "acknowledge",
    "shelve", "one_shot", "unshelve", "window", "night", "out_of_service", "return", "comment", "wait",
    "wait", "long", "fleet", "restart",
])  # fmt: skip
LIVES = st.lists(st.tuples(DOINGS, st.sampled_from(NAMES), st.integers(1, 12)), min_size=12, max_size=50)


def check(stage: Stage) -> int:
    """The contract, for each receiver and alert; how many stories there were.

    Of a survivor of a merge a receiver may hear the end alone, where it heard the fire of what once went into
    it, also if that came back later as an alert of its own.
    """
    stories = stage.stories()
    for (who, alert_id), story in stories.items():
        merged = {
            name
            for (name, _), step in stage.book.steps.items()
            if step.kind is TransitionKind.MERGED and step.by == alert_id
        }
        fires = story[0] == "alert.fired" or any((who, name) in stories for name in merged)
        assert fires, (who, alert_id, story)
        last = next(event for event in reversed(story) if event not in AFTER_THE_END)
        assert last in ENDS, (who, alert_id, story)
    for alert_id, alert in stage.book.alerts.items():
        assert {who for who, of in stories if of == alert_id} == set(alert.told)
    assert not [one for one in stage.book.told_in_digests.values() if one.digest is None]
    return len(stories)


@pytest.mark.acceptance("T3")
@pytest.mark.soak
def test_whoever_heard_the_fire_hears_the_end(figures: Figures) -> None:
    """Shelving, windows, service, chatter, floods, digests, merges, restarts, other receivers in between."""
    counts = {"lives": 0, "stories": 0}

    @settings(max_examples=rounds(25, 5000), deadline=None, phases=PHASES)
    @given(LIVES)
    def live(doings: list[Doing]) -> None:
        played = Played()
        for doing in doings:
            played.do(*doing)
        played.finish()
        counts["lives"] += 1
        counts["stories"] += check(played.stage)

    live()
    figures.add(**counts, without_an_end=0)


@pytest.mark.acceptance("T5")
@pytest.mark.soak
def test_restarts_anywhere_change_nothing(figures: Figures) -> None:
    """Acknowledgements, shelvings, windows, floods, chatter, digests and reminders go on as they were."""
    counts = {"lives": 0, "restarts": 0}

    @settings(max_examples=rounds(25, 3000), deadline=None, phases=PHASES)
    @given(LIVES)
    def live(doings: list[Doing]) -> None:
        plain, again = Played(), Played()
        for doing in doings:
            plain.do(*doing)
            again.do(*doing)
            again.stage.restart()
        plain.finish()
        again.stage.restart()
        again.finish()
        assert plain.stage.book == again.stage.book
        counts["lives"] += 1
        counts["restarts"] += len(doings) + 1

    live()
    figures.add(**counts, differences=0)


@pytest.mark.acceptance("T3")
@pytest.mark.parametrize("mute", ["shelve", "one_shot", "window", "out_of_service"])
@pytest.mark.parametrize("end", [EndKind.RESOLVED, EndKind.CLOSED, EndKind.WITHDRAWN])
def test_the_end_is_told_through_every_kind_of_muting(mute: str, end: EndKind) -> None:
    stage = Stage()
    stage.fire(cause("x"))
    alert = alert_id_of("x")
    match mute:
        case "shelve":
            stage.act("shelve", alert, until=stage.now_ms + HOUR)
        case "one_shot":
            stage.act("shelve", alert, one_shot=True)
        case "window":
            stage.act("window", zone="z", to=stage.now_ms + HOUR)
        case _:
            stage.act("out_of_service", zone="z")
    assert stage.alert("x").standing is not AlertState.FIRING
    stage.go(MINUTE)
    stage.end(cause("x"), end, by="admin")
    assert stage.heard("a", "x")[-1] == f"alert.{end.value}"
    stage.go(48 * HOUR)
    assert stage.heard("a", "x")[-1] == f"alert.{end.value}"


@pytest.mark.acceptance("T3")
def test_what_fires_and_ends_while_it_is_muted_is_recorded_and_told_to_nobody() -> None:
    stage = Stage()
    stage.act("window", zone="z", to=stage.now_ms + HOUR)
    stage.fire(cause("x"))
    stage.go(MINUTE)
    stage.end(cause("x"))
    stage.go(2 * HOUR)
    assert stage.heard("a") == []
    assert stage.steps("x") == ["fired", "suppressed", "resolved"]
    assert stage.alert("x").state is AlertState.RESOLVED_UNACKED


@pytest.mark.acceptance("T3")
def test_a_receiver_that_left_the_fleet_hears_the_end_and_nothing_else() -> None:
    stage = Stage(fleet=fleet_of("a", "b"))
    stage.fire(cause("x"))
    stage.fleet = fleet_of("a")
    stage.act("acknowledge", alert_id_of("x"))
    stage.end(cause("x"))
    assert stage.heard("b", "x") == ["alert.fired", "alert.resolved"]
    assert stage.heard("a", "x") == ["alert.fired", "alert.acknowledged", "alert.resolved"]


@pytest.mark.acceptance("T3")
def test_a_merge_tells_where_it_continues_and_the_receivers_hear_the_end_of_that() -> None:
    stage = Stage(fleet=fleet_of("a"))
    stage.fire(cause("x"))
    stage.fleet = fleet_of("a", "b")
    stage.fire(cause("y"))
    stage.act("acknowledge", alert_id_of("x"))
    stage.desk.merge(stage.alert("y").cause, "x", stage.now_ms, stage.fleet)
    survivor = stage.alert("x")
    assert (survivor.told, survivor.state, survivor.acknowledged) == (("a", "b"), AlertState.FIRING, None)
    stage.end(cause("x"))
    assert stage.heard("b", "y") == ["alert.fired", "alert.merged"]
    assert stage.heard("b", "x") == ["alert.resolved"]


@pytest.mark.acceptance("T3")
def test_silence_of_three_days_between_fire_and_end_changes_nothing() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=Alerting(ack_timeout_ms=0)))
    stage.fire(cause("x"))
    stage.go(72 * HOUR)
    assert stage.alert("x").state is AlertState.FIRING, "only evidence ends it"
    stage.end(cause("x"))
    assert stage.heard("a", "x") == ["alert.fired", "alert.resolved"]


def test_settings_of_a_receiver_that_left_are_those_it_had_last() -> None:
    older, newer = fleet_of("a", "b"), fleet_of("a", number=2)
    fleet = older.with_version(newer.current)
    assert [one.name for one in fleet.receivers] == ["a"]
    assert sorted(receivers_ever(fleet)) == ["a", "b"]
    assert receivers_ever(fleet)["b"] == older.receivers[1]

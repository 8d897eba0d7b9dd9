"""Trials are the same for the same seed, labels say what is physically there, and counting is honest."""

import json
import math

import pytest

from coldchain_sim.score.labels import Fault, Label, Told
from coldchain_sim.score.run import WatcherFailed, told_in
from coldchain_sim.score.tally import HEAD, Tally
from coldchain_sim.score.trial import T0_MS, fleet, trial

HOUR_MS = 3_600_000
EXCURSION = frozenset({"excursion"})


def label(from_h: float, to_h: float, *, wanted: bool = True, sensor: str = "front") -> Label:
    return Label(
        kinds=EXCURSION, from_ms=round(from_h * HOUR_MS), to_ms=round(to_h * HOUR_MS),
        sensors=frozenset({sensor}), wanted=wanted,
    )  # fmt: skip


def told(
    opened_h: float, ended_h: float | None = None, *, kind: str = "excursion", level: str = "alarm"
) -> Told:
    opened_ms, ended_ms = round(opened_h * HOUR_MS), None if ended_h is None else round(ended_h * HOUR_MS)
    return Told(
        kind="excursion",
        level=level,
        sensor="front",
        opened_ms=opened_ms,
        at_ms=opened_ms + 60_000,
        ended_ms=ended_ms,
    )


@pytest.mark.parametrize("fault", list(Fault))
def test_the_same_seed_gives_the_same_trial_and_another_one_another(fault: Fault) -> None:
    assert trial(fault, 3) == trial(fault, 3)
    assert trial(fault, 3).recording != trial(fault, 5).recording


def test_a_failed_compressor_is_labelled_and_a_quiet_day_is_not() -> None:
    assert any(one.wanted and one.kinds == EXCURSION for one in trial(Fault.COMPRESSOR, 1).labels)
    assert not any(one.wanted for one in trial(Fault.DEFROST, 1).labels)


def test_recordings_are_whole_and_within_their_day() -> None:
    for line in trial(Fault.OUTAGE, 1).recording.splitlines():
        batch = json.loads(line)
        assert T0_MS <= batch["sealed"] < batch["arrives"] < T0_MS + 48 * HOUR_MS
        temperatures = [float(one.split("temperature=")[1].split()[0]) for one in batch["lines"][:3]]
        assert all(math.isfinite(value) for value in temperatures)


def test_a_stuck_probe_says_the_same_and_a_power_cut_stops_the_gateway() -> None:
    [stuck] = [one for one in trial(Fault.STUCK, 2).labels if one.kinds == {"flat_line"}]
    said = set()
    for line in trial(Fault.STUCK, 2).recording.splitlines():
        batch = json.loads(line)
        if stuck.from_ms <= batch["sealed"] < stuck.to_ms:
            said |= {one.split("temperature=")[1].split()[0] for one in batch["lines"] if "=back " in one}
    assert len(said) == 1
    cut = trial(Fault.POWER_CUT, 2)
    [label_of_cut] = [one for one in cut.labels if "mains" in one.kinds]
    sealed = [json.loads(line)["sealed"] for line in cut.recording.splitlines()]
    assert not any(label_of_cut.to_ms - HOUR_MS < one < label_of_cut.to_ms for one in sealed)


def test_switches_stand_in_every_second_trial() -> None:
    assert "door_open" in trial(Fault.DOOR, 0).recording
    assert "door_open" not in trial(Fault.DOOR, 1).recording
    assert "sensor: door" in fleet(wired=True)
    assert "sensor: door" not in fleet(wired=False)


def test_an_alert_over_the_time_of_a_condition_tells_of_it_and_any_other_is_false() -> None:
    tally = Tally(fault=Fault.DOOR)
    tally.add("t", [label(2, 3), label(5, 6)], [told(2.1, 3), told(9, 10)])
    assert (tally.found, tally.missed, tally.true, tally.false) == (1, 1, 1, 1)
    assert (tally.recall, tally.precision) == (0.5, 0.5)
    assert [note.split(":")[1].split()[0] for note in tally.notes] == ["missed", "false"]


def test_one_long_alert_tells_of_both_conditions_within_it() -> None:
    tally = Tally(fault=Fault.COMPRESSOR)
    tally.add("t", [label(2, 3), label(4, 5)], [told(2, 5)])
    tally.add("u", [label(2, 3)], [told(2, None)])
    assert (tally.found, tally.missed, tally.false) == (3, 0, 0)


def test_a_warning_is_no_alarm_and_an_alarm_of_another_sensor_is_none_of_this_one() -> None:
    tally = Tally(fault=Fault.COMPRESSOR)
    tally.add("t", [label(2, 3)], [told(2, 3, level="warning")])
    tally.add("u", [label(2, 3, sensor="back")], [told(2, 3)])
    assert (tally.found, tally.missed, tally.false) == (0, 2, 1)


def test_what_may_be_told_is_neither_missed_nor_false() -> None:
    tally = Tally(fault=Fault.DEFROST)
    tally.add("t", [label(2, 3, wanted=False)], [])
    tally.add("u", [label(2, 3, wanted=False)], [told(2, 3)])
    assert (tally.missed, tally.false) == (0, 0)
    assert tally.recall is None
    assert len(tally.line()) == len(HEAD)


def step(event: str, at: int, alert: str = "a") -> str:
    said = {
        "recording": "r",
        "alert": alert,
        "event": event,
        "level": "alarm",
        "sensor": "front",
        "opened": 1,
    }
    return json.dumps({**said, "at": at, "event_time": at})


def test_alerts_that_were_taken_back_are_not_counted() -> None:
    answer = "\n".join(
        [step("excursion.fired", 5), step("excursion.resolved", 9), step("excursion.fired", 6, "b"),
         step("excursion.withdrawn", 7, "b")]
    )  # fmt: skip
    [only] = told_in(answer)["r"]
    assert (only.at_ms, only.ended_ms) == (5, 9)


@pytest.mark.parametrize("answer", ["hello", "[]", '{"event": "x.fired"}', "1"])
def test_what_is_no_answer_is_named(answer: str) -> None:
    with pytest.raises(WatcherFailed, match="not an answer"):
        told_in(answer)

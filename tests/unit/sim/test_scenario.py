"""Scenarios fit together, or say in a sentence what does not."""

from dataclasses import replace
from pathlib import Path

import pytest

from coldchain_runtime.documents import ConfigError
from coldchain_sim import scenario
from coldchain_sim.scenario import (
    BusSpec,
    Event,
    LineSpec,
    Moment,
    NamedChamber,
    Scenario,
    ScenarioError,
    SensorSpec,
    Site,
    UnitSpec,
)

ROOM = NamedChamber(name="room")
SITE = Site(
    chambers=(ROOM,),
    lines=(LineSpec(name="line", sensors=(SensorSpec(sensor="a", chamber="room"),)),),
    buses=(BusSpec(name="bus", units=(UnitSpec(address=1, sensor="b", chamber="room"),)),),
    bridge=(SensorSpec(sensor="c", chamber="room", copies=3),),
)
QUIET = Scenario(sentence="nothing", site="none")


@pytest.mark.parametrize("name", scenario.shipped_names())
def test_every_shipped_scenario_loads_and_says_what_it_is(name: str) -> None:
    story, site = scenario.load(name)
    assert story.sentence.endswith(".")
    assert site.chambers
    assert list(scenario.problems(story, site)) == []


def test_the_four_scenarios_are_there() -> None:
    wanted = {"normal-day", "door-left-open", "compressor-failure", "network-outage"}
    assert wanted <= set(scenario.shipped_names())


def test_copies_are_numbered() -> None:
    assert SITE.bridge[0].names() == ["c-1", "c-2", "c-3"]
    assert SITE.lines[0].sensors[0].names() == ["a"]


def moment(event: Event, where: str = "") -> Scenario:
    return replace(QUIET, timeline=(Moment(at_min=1.0, event=event, where=where),))


@pytest.mark.parametrize(
    ("story", "site", "problem"),
    [
        (moment(Event.DOOR_OPENS, "cellar"), SITE, "door_opens: no space 'cellar'"),
        (moment(Event.LINE_UNPLUGGED, "room"), SITE, "line_unplugged: no line 'room'"),
        (replace(QUIET, speed=0.0), SITE, "speed must be above 0"),
        (QUIET, replace(SITE, chambers=()), "a: no space 'room'"),
        (
            QUIET,
            replace(SITE, bridge=(SensorSpec(sensor="b", chamber="room"),)),
            "sensor 'b' stands here 2 times",
        ),
        (
            QUIET,
            replace(SITE, bridge=(SensorSpec(sensor="c", chamber="room", every_s=0.0),)),
            "c: every_s must be above 0 and copies at least 1",
        ),
        (
            QUIET,
            replace(
                SITE, buses=(BusSpec(name="bus", units=(UnitSpec(address=248, sensor="b", chamber="room"),)),)
            ),
            "bus: unit address 248 is not in 1..247",
        ),
        (
            QUIET,
            replace(
                SITE,
                buses=(
                    BusSpec(
                        name="bus",
                        units=(
                            UnitSpec(address=1, sensor="b", chamber="room"),
                            UnitSpec(address=1, sensor="d", chamber="room"),
                        ),
                    ),
                ),
            ),
            "bus: two units have one address",
        ),
    ],
)
def test_what_does_not_fit_is_said(story: Scenario, site: Site, problem: str) -> None:
    assert problem in list(scenario.problems(story, site))


def test_what_fits_has_no_problem() -> None:
    assert list(scenario.problems(moment(Event.LINE_UNPLUGGED, "bus"), SITE)) == []
    assert list(scenario.problems(moment(Event.UPLINK_LOST), SITE)) == []


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="there are: alert-storm, compressor-failure, door-left-open"):
        scenario.load("holiday")
    with pytest.raises(ScenarioError, match="no scenario"):
        scenario.load(str(tmp_path / "none.yaml"))


def test_a_misspelt_key_is_told_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("sentence: Mine.\nsite: here\nspede: 3\n", "utf-8")
    with pytest.raises(ConfigError, match=r"mine\.yaml:3.*spede"):
        scenario.load(str(file))


def test_an_own_scenario_needs_its_own_site_beside_it(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "here.yaml").write_text("chambers:\n  - name: room\n", "utf-8")
    file = tmp_path / "mine.yaml"
    file.write_text(
        "sentence: Mine.\nsite: here\ntimeline:\n  - {at_min: 1, event: door_opens, where: attic}\n", "utf-8"
    )
    with pytest.raises(ScenarioError, match=r"mine\.yaml: door_opens: no space 'attic'"):
        scenario.load(str(file))

"""`profiles list|show|check`: what people read of the limits, and what their own files are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coldchain.builtin_profiles import BUILTIN
from coldchain.errors import ConfigError, InvalidInput
from coldchain.profiles import Mode, Reset, Weighting
from coldchain.profiles.document import profile_of
from coldchain_backend.cli.profiles import app, band, rule_text
from coldchain_backend.fleetfile import profiles_of_file

OWN = """\
profiles:
  - name: ice-cream-shop
    version: 3
    title: {en: Ice cream, zh: 冰淇淋}
    citation: own procedure 7
    mark: practice
    weighting: trapezoid
    required_coverage: 0.9
    grades: [sealed]
    cadence: 10m
    cadence_out: 2m
    indeterminate: true
    corrected: true
    thermal: {ambient_high: 30, ambient_low: 0, time_constant: 8h}
    rules:
      - {name: high, side: high, threshold: -20, alarm_after: 15m, ignore_at_start: 20m}
      - {name: sum, side: high, threshold: -18, mode: cumulative, reset: local_day, alarm_after: 1h}
      - {name: mkt, side: high, threshold: -19, mode: mkt, window: 24h, alarm_after: 0s, irreversible: true}
      - {name: fast, side: high, threshold: 10, mode: rate, window: 10m, warning_after: 0s}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "own.yaml"
    file.write_text(OWN, encoding="utf-8")
    return file


def said(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_list_names_every_profile_with_its_mark() -> None:
    listed = said("list")
    assert all(name in listed for name in BUILTIN)
    assert "proposed" in listed


def test_the_list_as_json_is_read_back_as_the_profiles() -> None:
    assert [profile_of(one) for one in json.loads(said("list", "--json"))] == list(BUILTIN.values())


def test_own_profiles_stand_beside_the_built_in_ones(own: Path) -> None:
    assert "ice-cream-shop" in said("list", "--profiles", str(own))


@pytest.mark.parametrize("name", BUILTIN)
def test_every_profile_is_shown_with_its_source(name: str) -> None:
    shown = said("show", name)
    assert BUILTIN[name].citation in shown
    assert all(rule.name in shown for rule in BUILTIN[name].rules)


def test_what_is_not_verified_says_so_where_it_is_shown() -> None:
    for name in ("mrna-frozen", "ultra-cold", "plasma-cn", "red-cells-transport", "medicine-ambient-cn"):
        assert "unverified" in said("show", name)


def test_a_profile_is_shown_with_everything_that_it_asks_for(own: Path) -> None:
    shown = said("show", "ice-cream-shop", "--profiles", str(own))
    for part in (
        "every 10m, out of limits every 2m",
        "time constant of 8h",
        "prove nothing",
        "ignores the first",
    ):
        assert part in shown
    assert "rate of change of 10m" in shown
    assert "each local day" in shown
    assert "irreversible" in shown


def test_a_profile_that_is_not_there_is_told_with_what_is_near() -> None:
    done = CliRunner().invoke(app, ["show", "vacine-who"])
    assert isinstance(done.exception, InvalidInput)
    assert "vaccine-who" in str(done.exception)


def test_every_key_of_an_own_profile_arrives(own: Path) -> None:
    (profile,) = profiles_of_file(own)
    assert (profile.version, profile.weighting, profile.required_coverage) == (3, Weighting.TRAPEZOID, 0.9)
    assert (profile.cadence_ms, profile.cadence_out_ms) == (600_000, 120_000)
    assert profile.indeterminate
    assert profile.corrected
    assert profile.thermal is not None
    assert profile.thermal.time_constant_ms == 8 * 3_600_000
    modes = [(rule.mode, rule.window_ms, rule.reset, rule.irreversible) for rule in profile.rules]
    assert modes == [
        (Mode.SINGLE, None, Reset.NEVER, False),
        (Mode.CUMULATIVE, None, Reset.LOCAL_DAY, False),
        (Mode.MKT, 86_400_000, Reset.NEVER, True),
        (Mode.RATE, 600_000, Reset.NEVER, False),
    ]
    assert profile.rules[0].ignore_at_start_ms == 1_200_000


def test_a_checked_file_is_told_with_its_profiles(own: Path) -> None:
    assert "ice-cream-shop 3" in said("check", str(own))


@pytest.mark.parametrize(
    ("before", "after", "line", "told"),
    [
        ("side: high, threshold: -20", "side: hihg, threshold: -20", 16, "high"),
        ("window: 24h", "window: 90m", 18, "whole hours"),
        ("grades: [sealed]", "grades: [good]", 9, "sealed"),
        ("ambient_high: 30", "ambient_high: -30", 14, "ambient"),
        ("required_coverage: 0.9", "required_coverage: 95", 2, "share"),
        ("name: sum", "name: high", 2, "different names"),
    ],
)
def test_mistakes_are_told_with_their_line(own: Path, before: str, after: str, line: int, told: str) -> None:
    own.write_text(OWN.replace(before, after), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        profiles_of_file(own)
    assert told in str(caught.value)
    assert caught.value.line is not None
    assert abs(caught.value.line - line) <= 1


def test_two_profiles_of_one_name_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text(OWN + OWN.removeprefix("profiles:\n"), encoding="utf-8")
    with pytest.raises(ConfigError, match="twice"):
        profiles_of_file(file)


def test_a_changed_built_in_profile_needs_a_higher_version(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        OWN.replace("ice-cream-shop", "ice-cream").replace("version: 3", "version: 1"), encoding="utf-8"
    )
    done = CliRunner().invoke(app, ["check", str(file)])
    assert isinstance(done.exception, InvalidInput)
    assert "higher version" in str(done.exception)


def test_the_profiles_of_a_fleet_file_are_checked_too(tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(f"organisation: demo\n{OWN}", encoding="utf-8")
    assert "ice-cream-shop" in said("check", str(file))


def test_bands_and_rules_read_as_people_write_them() -> None:
    assert band(BUILTIN["dairy"]) == "≤ 6"
    assert band(BUILTIN["vaccine-2-8"]) == "2 … 8"
    assert band(BUILTIN["dairy"], "humidity") == ""
    freeze = BUILTIN["vaccine-freeze-sensitive"].rules[-1]
    assert rule_text(freeze).startswith("freeze: temperature ≤ -0.5, warning at once, alarm after 1h")

"""`route explain`: what a person reads of who would be told, from a file and from a server's answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coldchain.errors import InvalidInput
from coldchain_backend.alerts.routing import Mismatch, Reason
from coldchain_backend.cli import app
from coldchain_backend.cli.route import REASONS, WHY_NOT, described
from support.routed import routed_text

ROUTES = """- {name: doors, match: {kinds: [door]}, notify: [dispatch]}
- name: trucks
  match: {asset_kinds: [vehicle]}
  on_call: [{schedule: days, notify: [day]}, {schedule: nights, notify: [night]}]
  escalation: standard
- {name: rest, notify: [quality]}
"""
NIGHT = "2026-11-27T23:00+08:00"


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "fleet.yaml"
    path.write_text(routed_text(ROUTES), encoding="utf-8")
    return str(path)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["route", "explain", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_a_file_explains_who_is_told_why_others_are_not_and_what_follows(file: str) -> None:
    status, text = run("truck.box", "--fleet", file, "--at", NIGHT)
    assert status == 0
    assert text.splitlines() == [
        "truck.box: excursion, alarm, at Fri 2026-11-27 23:00 CST",
        "told: night",
        "why:  by its routes (trucks)",
        "  night: webhook, en",
        "routes:",
        "  - doors: is for other kinds of alerts",
        "  + trucks: night",
        "  - rest: a route before it takes it",
        "schedule days (Asia/Shanghai): off",
        "schedule nights (Asia/Shanghai): on",
        "until Sat 2026-11-28 08:00 CST: then somebody else may be on call",
        "while nobody acknowledges:",
        "  Fri 2026-11-27 23:10 CST  step 1  night",
        "  Fri 2026-11-27 23:25 CST  step 2  manager",
        "  Fri 2026-11-27 23:40 CST  step 3  manager",
        "an acknowledgement holds for 60 min",
    ]


def test_json_is_the_document_of_the_api(file: str) -> None:
    status, text = run("store.freezer", "--fleet", file, "--at", NIGHT, "--json", "--level", "warning")
    found = json.loads(text)
    assert (status, found["reason"], found["receivers"]) == (0, "page_only", [])
    assert (found["zone"], found["class"], found["at"]) == (
        "store.freezer",
        "alarm",
        "2026-11-27T15:00:00.000Z",
    )
    assert [one["passed_by"] for one in found["considered"]] == ["level", "level", "level"]


def test_an_asset_and_the_product_are_explained_too(file: str) -> None:
    _, asset = run("--asset", "truck", "--kind", "gateway_offline", "--fleet", file, "--at", NIGHT)
    assert "told: night" in asset
    _, system = run("--kind", "system", "--fleet", file)
    assert "why:  the system receiver" in system
    assert "the product: system" in system


def test_a_fleet_that_tells_nobody_ends_with_1(tmp_path: Path) -> None:
    text = routed_text("", receivers=()).replace("receivers:\n", "").replace("system_receiver: it\n", "")
    path = tmp_path / "nobody.yaml"
    path.write_text(text[: text.index("schedules:")] + text[text.index("assets:") :], encoding="utf-8")
    status, said = run("truck.box", "--fleet", str(path))
    assert status == 1
    assert "NOBODY is told" in said


def test_an_unknown_place_and_a_bad_time_are_told(file: str) -> None:
    with pytest.raises(InvalidInput, match="no zone nowhere"):
        run("nowhere", "--fleet", file)
    with pytest.raises(InvalidInput, match="no asset nothing"):
        run("--asset", "nothing", "--fleet", file)
    assert run("truck.box", "--fleet", file, "--at", "soon")[0] == 2


def test_every_reason_has_its_words() -> None:
    assert REASONS.keys() == {one.value for one in Reason}
    assert WHY_NOT.keys() == {one.value for one in Mismatch}


def test_people_fallback_and_empty_routes_are_said() -> None:
    person = {"id": "wang.li", "name": {"en": "Wang Li", "zh": "王莉"}, "reachable": True}
    gone = {**person, "id": "old", "reachable": False}
    receiver = {
        "name": "sms",
        "channel": "sms",
        "language": "zh",
        "fallback": "voice",
        "persons": [person, gone],
    }
    lines = described(
        {
            "at": "2026-11-27T15:00:00.000Z", "asset": None, "zone": None, "kind": "system", "level": "alarm",
            "class": "system", "reason": "route", "routes": ["it"], "receivers": [receiver], "schedules": [],
            "considered": [{"route": "it", "asset": None, "zone": None, "passed_by": None, "on_call": []}],
            "until": None, "escalation": [], "acknowledged_for_minutes": None,
        }
    )  # fmt: skip
    assert lines == [
        "the product: system, alarm, at Fri 2026-11-27 15:00 UTC",
        "told: sms",
        "why:  by its routes (it)",
        "  sms: sms, zh, fallback voice; wang.li (Wang Li 王莉), old (Wang Li 王莉), disabled",
        "routes:",
        "  + it: matches, nobody is on call",
    ]

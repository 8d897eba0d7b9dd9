"""Kill -9 of gateway and backend under load: nothing acknowledged is lost or doubled, every alert is told."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from demo import stage as demo_stage
from demo.evidence import BrokenLedger
from demo.stage import Stage, StageSettings
from support import parts
from support.acceptance import Figures
from support.killing import Killer, busy_fleet, doubled, evidence, lost, untold
from support.soak import rounds

DATA = Path(__file__).resolve().parents[1] / "data" / "kill"
KILLS = int(os.environ.get("COLDCHAIN_KILLS", rounds(20, 200)))
BETWEEN_S = 2.0
DOOR_S = 16.0
DRAIN_S = 90.0


def doors(kills: int) -> str:
    """A scenario in which both doors open and close until well before the last kill is drained."""
    lines = []
    minutes = kills * BETWEEN_S * 0.8 * 20 / 60
    at = 6.0
    while at < max(minutes, 20.0):
        lines.append(f"  - {{at_min: {at:g}, event: door_opens, where: chiller}}")
        lines.append(f"  - {{at_min: {at + DOOR_S / 3:g}, event: door_closes, where: chiller}}")
        at += 18.0
    return "timeline:\n" + "\n".join(lines) + "\n"


def prepared(tmp_path: Path) -> StageSettings:
    """Scenario, site and fleet of the kill tests in a folder of their own."""
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "busy.yaml").write_bytes((DATA / "sites" / "busy.yaml").read_bytes())
    scenario = (DATA / "doors.yaml").read_text("utf-8").replace("timeline: []\n", doors(KILLS))
    (tmp_path / "doors.yaml").write_text(scenario, "utf-8")
    return StageSettings(
        directory=tmp_path / "stage",
        scenario=str(tmp_path / "doors.yaml"),
        fleet=busy_fleet(demo_stage.HERE / "fleet.yaml", tmp_path / "fleet.yaml"),
    )


def nothing_is_missing(stage: Stage, killer: Killer) -> bool | None:
    try:
        held = evidence(stage)
    except BrokenLedger:
        return None
    return not lost(stage.truth(), held, killer.outages) or None


@pytest.mark.budget(90)
@pytest.mark.soak
@pytest.mark.acceptance("A1")
def test_nothing_acknowledged_is_lost_or_doubled_and_every_alert_is_told(
    tmp_path: Path, figures: Figures
) -> None:
    parts.require("mosquitto")
    with Stage(prepared(tmp_path)) as stage:
        killer = Killer(stage, random.Random(KILLS))
        stage.until("the first reading", lambda: len(stage.truth()) > 200 or None, within_s=30.0)
        for _ in range(KILLS):
            killer.strike(BETWEEN_S)
        stage.until("every door to be closed", lambda: all_closed(stage), within_s=60.0 + KILLS)
        stage.until("every alert to end", lambda: told(stage), within_s=DRAIN_S)
        stage.stop("simulator")
        stage.until("all to drain", lambda: nothing_is_missing(stage, killer), within_s=DRAIN_S)
        held = evidence(stage)
        missing = len(lost(stage.truth(), held, killer.outages))
        figures.add(kills=KILLS, readings=len(held), lost=missing, doubled=len(doubled(held)))
        assert lost(stage.truth(), held, killer.outages) == []
        assert doubled(held) == []
        assert untold(stage.receiver.once()) == []
        assert all(one.verified for one in stage.receiver.received())
        assert "intact" in stage.backend("verify")
        report(stage, killer, len(held))


def all_closed(stage: Stage) -> bool | None:
    """Whether the last thing that happened to each door is that it was closed, some time ago."""
    doors_seen = [one.event for one in stage.events() if one.event.startswith("door_")]
    planned = (stage.settings.directory.parent / "doors.yaml").read_text("utf-8").count("event: door_")
    return len(doors_seen) == planned or None


def told(stage: Stage) -> bool | None:
    """Whether the receiver has the end of every alert that it has the start of, and has any."""
    received = stage.receiver.once()
    return (bool(received) and not untold(received)) or None


def report(stage: Stage, killer: Killer, held: int) -> None:
    """One line for who runs it by hand."""
    alerts = {one.alert_id for one in stage.receiver.once()}
    kills = len(killer.outages)
    sys.stdout.write(f"{kills} kills, {held} readings in evidence, {len(alerts)} alerts told to their end\n")

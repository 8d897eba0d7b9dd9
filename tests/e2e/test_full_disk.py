"""A full disk at either end: nothing is acknowledged that is not durable; it is told, and mends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from demo import stage as demo_stage
from demo.evidence import BrokenLedger, Name
from demo.stage import Stage, StageSettings
from support import parts
from support.acceptance import Figures
from support.killing import Outage, doubled, evidence, lost
from support.small_disk import fill, small_disk

GATEWAY_MB = 24
BACKEND_MB = 96
FULL_S = 6.0


@contextmanager
def stage_on(tmp_path: Path, folder: str, megabytes: int) -> Iterator[Stage]:
    """The stage with one of its data folders on a small disk."""
    parts.require("mosquitto")
    settings = StageSettings(directory=tmp_path / "stage", scenario="normal-day", speed=1.0)
    if folder == "gateway-data":
        text = (demo_stage.HERE / "gateway.toml").read_text("utf-8")
        bounds = 'outbox_cap = "8MB"\nfree_space_floor = "1MB"\n'
        (tmp_path / "gateway.toml").write_text(text.replace("seal_after", f"{bounds}seal_after", 1), "utf-8")
        settings = replace(settings, gateway=tmp_path / "gateway.toml")
    with small_disk(tmp_path / "stage" / folder, megabytes), Stage(settings) as stage:
        stage.until("readings", lambda: len(quiet_evidence(stage)) > 10 or None, within_s=40.0)
        yield stage


def quiet_evidence(stage: Stage) -> list[Name]:
    """The readings in evidence; none while a record is being written."""
    try:
        return evidence(stage)
    except BrokenLedger:
        return []


def log(stage: Stage, name: str) -> str:
    return (stage.directory / "logs" / f"{name}.log").read_text("utf-8", errors="replace")


def passes(stage: Stage, seconds: float) -> None:
    """Let that much go on."""
    enough = len(stage.truth()) + int(seconds)
    stage.until("more readings", lambda: len(stage.truth()) >= enough or None, within_s=seconds * 5)


def settled(stage: Stage, outages: list[Outage]) -> None:
    """End the devices; all that was acknowledged comes into evidence, once, and the ledger is intact."""
    stage.stop("simulator")
    stage.until(
        "all to drain", lambda: not lost(stage.truth(), evidence(stage), outages) or None, within_s=60.0
    )
    assert doubled(evidence(stage)) == []
    assert "intact" in stage.backend("verify")


@pytest.mark.acceptance("A3")
def test_a_full_disk_at_the_gateway(tmp_path: Path, figures: Figures) -> None:
    with stage_on(tmp_path, "gateway-data", GATEWAY_MB) as stage:
        began = stage.truth()[-1].time_ms
        ballast = fill(stage.gateway_data)
        # How long the room that the outbox's file already has lasts depends on where its pages end.
        stage.until("it is told", lambda: "outbox_full" in log(stage, "gateway") or None, within_s=150.0)
        passes(stage, FULL_S)
        ballast.unlink()
        stage.until("it mends", lambda: "outbox_has_room" in log(stage, "gateway") or None, within_s=30.0)
        ended = stage.truth()[-1].time_ms
        settled(stage, [Outage(program="gateway", from_ms=began, to_ms=ended)])
        figures.add(full_disks=1, readings=len(evidence(stage)), lost=0, doubled=0)


def test_a_full_disk_at_the_backend(tmp_path: Path) -> None:
    with stage_on(tmp_path, "backend-data", BACKEND_MB) as stage:
        ballast = fill(stage.backend_data)
        stage.until("an alarm that still gets out", lambda: told(stage), within_s=40.0)
        held = len(evidence(stage))
        passes(stage, FULL_S)
        assert len(evidence(stage)) == held
        ballast.unlink()
        stage.until("it takes again", lambda: len(evidence(stage)) > held or None, within_s=60.0)
        settled(stage, [])


def told(stage: Stage) -> bool | None:
    return any("disk" in one.body and one.verified for one in stage.receiver.received()) or None

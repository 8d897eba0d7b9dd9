"""The demonstration as a stranger starts it: everything it claims was true, and nothing runs afterwards."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.parts import require

ROOT = Path(__file__).resolve().parents[3]
STORY = (
    "live over serial",
    "live over modbus",
    "live over mqtt",
    "the chiller's door is open",
    "warning on the page",
    "alarm: webhook received, signature verified",
    "the door is closed",
    "back within limits: resolve received, signature verified",
    "the uplink is cut for 30 s",
    "the backlog has filled in",
    "All of it is true.",
)


def played(*arguments: str, within_s: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=within_s,
    )


@pytest.mark.budget(130)
def test_the_whole_path_is_shown_and_was_true(tmp_path: Path) -> None:
    require("mosquitto")
    done = played("--for", "100", "--directory", str(tmp_path / "run"), within_s=200.0)
    assert done.returncode == 0, done.stdout + done.stderr
    places = [done.stdout.index(sentence) for sentence in STORY]
    assert places == sorted(places)
    for wire in ("serial", "modbus", "mqtt"):
        for place in ("the API", "the ledger"):
            found = re.search(
                rf"ok +{wire}: read = in {place} +read (\d+), held (\d+), doubled 0, missing 0, unknown 0",
                done.stdout,
            )
            assert found is not None
            assert found[1] == found[2]
            assert int(found[1]) >= 20


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", "utf-8")
    done = played("--directory", str(tmp_path), within_s=20.0)
    assert done.returncode == 2
    assert "not a demonstration's" in done.stdout
    assert (tmp_path / "thesis.txt").read_text("utf-8") == "mine"


def test_wrong_usage_is_told() -> None:
    done = played("--for", "soon", within_s=20.0)
    assert done.returncode == 2
    assert "--for" in done.stderr

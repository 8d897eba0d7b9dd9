"""The house as a whole: import contracts hold, nothing forbidden is committed, every recipe is told."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_import_contracts_hold() -> None:
    ended = run(str(Path(sys.executable).with_name("lint-imports")), "--no-logo")
    assert ended.returncode == 0, ended.stdout


def test_no_secret_host_or_path_of_one_machine_is_committed() -> None:
    ended = run(sys.executable, "tools/guard.py")
    assert ended.returncode == 0, ended.stdout


def test_bare_make_prints_every_recipe() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)", text, re.MULTILINE)
    assert phony is not None
    printed = run("make").stdout
    for name in phony[1].replace("\\\n", " ").split():
        assert f"make {name} " in printed


def test_decision_records_have_numbers_of_their_own_and_state_their_status() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert len({one.name[:4] for one in records}) == len(records)
    for one in records[1:]:
        text = one.read_text()
        for heading in ("Status:", "## Is", "## Is not"):
            assert heading in text, f"{one.name} has no {heading}"


def test_links_between_documents_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{document.relative_to(ROOT)}: {link}"
        for document in documents
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
        if not (document.parent / link).exists()
    ]
    assert broken == []


LOGGED = re.compile(r"""log\.(?:warning|error)\(\s*"([a-z_]+\.[a-z_]+)\"""")


def test_the_runbook_knows_every_warning_and_error_that_is_logged() -> None:
    parts = [ROOT / part / "src" for part in ("core", "gateway", "backend")]
    logged = {
        name for part in parts for file in part.rglob("*.py") for name in LOGGED.findall(file.read_text())
    }
    told = set(re.findall(r"^\| `([a-z_.]+)` \|", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE))
    assert logged - told == set()

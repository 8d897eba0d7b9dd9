"""The locked versions agree with what the parts declare, and every set is a subset of dev."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
SETS = ("dev", "demo", "gateway", "backend")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Locked name → version of a set."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return {canonicalize_name(found[1]): found[2] for found in PINNED.finditer(text)}


def declared(folder: str) -> list[Requirement]:
    """What a part depends on beside other parts."""
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
    requirements = [Requirement(line) for line in project["dependencies"]]
    return [one for one in requirements if not one.name.startswith("coldchain")]


def group(name: str) -> list[Requirement]:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    found = [Requirement(line) for line in groups[name] if isinstance(line, str)]
    included = [line["include-group"] for line in groups[name] if isinstance(line, dict)]
    return found + [one for other in included for one in group(other)]


@pytest.mark.parametrize(
    ("locked", "folders"),
    [
        ("dev", ["core", "gateway", "backend", "firmware-sim", "dashboards"]),
        ("demo", ["core", "gateway", "backend", "firmware-sim", "dashboards"]),
        ("gateway", ["core", "gateway"]),
        ("backend", ["core", "backend"]),
    ],
)
def test_every_declared_requirement_is_locked_within_its_range(locked: str, folders: list[str]) -> None:
    wanted = [one for folder in folders for one in declared(folder)]
    wanted += group(locked) if locked in ("dev", "demo") else []
    versions = pins(locked)
    wrong = [
        str(one)
        for one in wanted
        if (name := canonicalize_name(one.name)) not in versions
        or not one.specifier.contains(versions[name], prereleases=True)
    ]
    assert wrong == [], "run: make lock"


@pytest.mark.parametrize("name", SETS)
def test_every_set_has_the_versions_of_dev(name: str) -> None:
    assert pins(name).items() <= pins("dev").items()


@pytest.mark.parametrize("name", [*SETS, "uv"])
def test_a_lock_has_hashes_and_names_no_index(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    assert "--index" not in text
    for entry in re.split(r"\n(?=[a-zA-Z])", text):
        assert entry.startswith("#") or "--hash=sha256:" in entry

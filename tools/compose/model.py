"""docker-compose.yml as the loader of the Compose specification understands it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETTING = re.compile(r"\$\{(?P<name>[A-Z_]+):-(?P<otherwise>[^}]*)\}")
Document = Mapping[str, object]


class NotHere(Exception):
    """A program that the check needs is not on this machine; the message says how it comes."""


class Mistaken(Exception):
    """A file is not as it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """What a service sees at `target`: a file or folder of this machine, a named volume, or memory."""

    kind: str
    source: str
    target: str
    read_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a service is asked whether it is well."""

    command: tuple[str, ...]
    within_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service. `waits_for`: service → condition."""

    name: str
    image: str
    dockerfile: str | None
    user: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    health: Health | None
    waits_for: Mapping[str, str]
    ends: bool
    grace_s: float
    raw: Document

    @property
    def uid(self) -> int:
        return int(self.user.partition(":")[0])


def find(name: str, recipe: str) -> str:
    """A program among those built for tests, on PATH or in sbin. Raises NotHere."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    places = [f"{cache}/coldchain/bin", os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise NotHere(f"{name} is not here ({recipe})")
    return found


def load(files: Sequence[Path], environment: Path) -> Document:
    """The files merged, with the settings of `environment`. Raises NotHere, Mistaken as the loader says.

    Settings are filled in here, because the loader's own command takes none.
    """
    lines = environment.read_text().splitlines()
    settings = dict(line.partition("=")[::2] for line in lines if line and not line.startswith("#"))

    def value(found: re.Match[str]) -> str:
        return settings.get(found["name"], "") or found["otherwise"]

    with tempfile.TemporaryDirectory() as folder:
        filled = [Path(folder) / f"{number}.yml" for number in range(len(files))]
        for file, copy in zip(files, filled, strict=True):
            copy.write_text(SETTING.sub(value, file.read_text()))
        loaded = subprocess.run(
            [find("compose-spec", "make strangers"), "--format", "json", *map(str, filled)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    if loaded.returncode != 0:
        raise Mistaken(loaded.stderr.strip() or loaded.stdout.strip())
    document: Document = json.loads(loaded.stdout)
    return document


def services(document: Document) -> dict[str, Service]:
    """Every service by name."""
    return {name: _service(name, raw, document) for name, raw in _table(document, "services").items()}


def _table(document: Document, key: str) -> Mapping[str, Mapping[str, object]]:
    found = document.get(key)
    if not isinstance(found, dict):
        raise Mistaken(f"no {key}")
    return found


def _service(name: str, raw: Mapping[str, object], document: Document) -> Service:
    build = raw.get("build")
    waits = raw.get("depends_on")
    environment = raw.get("environment")
    return Service(
        name=name,
        image=str(raw["image"]),
        dockerfile=str(build["dockerfile"]) if isinstance(build, dict) else None,
        user=str(raw.get("user", "")),
        entrypoint=_words(raw.get("entrypoint")),
        command=_words(raw.get("command")),
        environment={key: str(value) for key, value in environment.items()}
        if isinstance(environment, dict)
        else {},
        mounts=(*_volumes(raw), *_tmpfs(raw), *_secrets(raw, document)),
        health=_health(raw.get("healthcheck")),
        waits_for={key: str(value["condition"]) for key, value in waits.items()}
        if isinstance(waits, dict)
        else {},
        ends=raw.get("restart") == "no",
        grace_s=_seconds(raw.get("stop_grace_period", "10s")),
        raw=raw,
    )


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(word) for word in value) if isinstance(value, list) else ()


def _volumes(raw: Document) -> list[Mount]:
    volumes = raw.get("volumes")
    return [
        Mount(
            kind=str(one["type"]),
            source=str(one["source"]),
            target=str(one["target"]),
            read_only=bool(one.get("read_only", False)),
        )
        for one in (volumes if isinstance(volumes, list) else [])
    ]


def _tmpfs(raw: Document) -> list[Mount]:
    found = raw.get("tmpfs")
    texts = found if isinstance(found, list) else []
    return [
        Mount(kind="tmpfs", source=text.partition(":")[2], target=text.partition(":")[0], read_only=False)
        for text in map(str, texts)
    ]


def _secrets(raw: Document, document: Document) -> list[Mount]:
    declared = _table(document, "secrets")
    used = raw.get("secrets")
    return [
        Mount(
            kind="secret",
            source=str(declared[one["source"]]["file"]),
            target=str(one.get("target") or f"/run/secrets/{one['source']}"),
            read_only=True,
        )
        for one in (used if isinstance(used, list) else [])
    ]


def _health(raw: object) -> Health | None:
    if not isinstance(raw, dict) or raw.get("disable"):
        return None
    kind, *words = _words(raw["test"])
    command = ("/bin/sh", "-c", *words) if kind == "CMD-SHELL" else tuple(words)
    tries = float(raw.get("retries", 3)) * _seconds(raw.get("interval", "30s"))
    return Health(command=command, within_s=_seconds(raw.get("start_period", "0s")) + tries)


def _seconds(text: object) -> float:
    """Seconds of a duration such as 1m30s."""
    total, number = 0.0, ""
    for letter in str(text):
        if letter.isdigit() or letter == ".":
            number += letter
        else:
            total += float(number) * {"h": 3600, "m": 60, "s": 1}[letter]
            number = ""
    return total

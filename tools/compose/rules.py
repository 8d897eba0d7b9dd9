"""What every service and image must be, whatever it runs."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tools.compose.model import ROOT, Mistaken, Service
from tools.secrets import MADE

CERTIFICATE = "/etc/coldchain/tls"
"""The user's own, which the repository does not bring."""
PINNED = re.compile(r".+:(v?\d+(\.\d+)+|local)$")
VARIABLE = re.compile(r"\$\{([A-Z_]+)")
SECRET = re.compile(r"(?i)(password|token|secret|key)[A-Z_]*=\S")


def settings_are_explained(files: Mapping[Path, str], example: str) -> str:
    """Every variable has a line in .env.example, and no secret stands there."""
    wanted = {name for text in files.values() for name in VARIABLE.findall(text)}
    there = {line.partition("=")[0] for line in example.splitlines() if line and not line.startswith("#")}
    if wanted != there:
        raise Mistaken(f".env.example and the compose files differ in {', '.join(sorted(wanted ^ there))}")
    if SECRET.search(example):
        raise Mistaken(".env.example holds what looks like a secret")
    return f"{len(wanted)} variables"


def _must(what: str) -> Callable[[bool], Iterator[str]]:
    def unless(holds: bool) -> Iterator[str]:  # noqa: FBT001 - the condition itself
        if not holds:
            yield what

    return unless


def faults(service: Service, everyone: Mapping[str, Service]) -> Iterator[str]:
    """What is wrong with a service, in words."""
    raw = service.raw
    yield from _must("its image is not pinned to a version")(bool(PINNED.match(service.image)))
    yield from _must("it does not name a user other than root")(
        bool(re.match(r"[1-9]\d*(:\d+)?$", service.user))
    )
    yield from _must("its file system can be written")(raw.get("read_only") is True)
    yield from _must("it keeps capabilities")(raw.get("cap_drop") == ["ALL"] and not raw.get("cap_add"))
    yield from _must("it may gain privileges")(raw.get("security_opt") == ["no-new-privileges:true"])
    for limit in ("mem_limit", "pids_limit", "cpus"):
        yield from _must(f"it has no {limit}")(bool(raw.get(limit)))
    yield from _must("it has no health check")(service.health is not None or service.ends)
    for other, condition in service.waits_for.items():
        wanted = "service_completed_successfully" if everyone[other].ends else "service_healthy"
        yield from _must(f"it waits for {other} as {condition}, not {wanted}")(condition == wanted)
    for mount in service.mounts:
        if mount.kind == "bind" and mount.target != CERTIFICATE:
            yield from _must(f"{mount.source} is not there")(Path(mount.source).exists())
        if mount.kind == "secret":
            made = {*MADE, "mosquitto_passwords"}
            yield from _must(f"`make secrets` does not make {mount.source}")(Path(mount.source).name in made)
    ports = raw.get("ports")
    for port in ports if isinstance(ports, list) else []:
        yield from _must(f"port {port['target']} is open to every network")(
            port.get("host_ip") == "127.0.0.1"
        )


def copied(dockerfile: Path) -> str:
    """What a Dockerfile copies from the repository is there and is not kept from the builder."""
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    sources = []
    for line in dockerfile.read_text().splitlines():
        words = line.split()
        if words[:1] == ["COPY"] and not words[1].startswith("--from"):
            sources += words[1:-1]
    for source in sources:
        if not (ROOT / source).exists():
            raise Mistaken(f"{dockerfile.name} copies {source}, which is not there")
        if not any(fnmatch.fnmatch(source, pattern[1:]) for pattern in ignored if pattern.startswith("!")):
            raise Mistaken(f"{dockerfile.name} copies {source}, which .dockerignore keeps out")
    return ", ".join(sources)

"""`make check-compose`: what docker-compose.yml and the Dockerfiles promise, without a Docker engine.

The files are read by the loader that `docker compose` uses. Every service must be hardened, pinned and
bounded, every image's packages must resolve for amd64 and arm64. Then every command and every health check
runs on this machine, in a room that sees only what the container would see and may write only where that may,
and readings must come through from the simulator. What cannot be tried here is named.

Exit status: 0 all right, 1 not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from tools.compose import images, rules
from tools.compose.model import ROOT, Mistaken, NotHere, load, services
from tools.secrets import FOLDER, write

COMPOSE = ROOT / "docker-compose.yml"
TLS = ROOT / "deploy" / "compose" / "tls.yml"
EXAMPLE = ROOT / ".env.example"
IMAGES = {"backend": "backend", "gateway": "gateway", "demo": "demo"}
"""Dockerfile → the locked set it installs."""


def tell(what: str, seen: str) -> None:
    """One thing that was checked."""
    print(f"ok        {what:<28} {seen}", flush=True)


def not_here(what: str, why: str) -> None:
    """One thing that could not be."""
    print(f"not here  {what:<28} {why}", flush=True)


def files() -> Iterator[None]:
    """The files themselves."""
    for name, chosen in (("docker-compose.yml", [COMPOSE]), ("with tls.yml", [COMPOSE, TLS])):
        document = load(chosen, EXAMPLE)
        everyone = services(document)
        tell(f"{name}: schema", f"{len(everyone)} services")
        faults = [
            f"{one.name}: {fault}" for one in everyone.values() for fault in rules.faults(one, everyone)
        ]
        if faults:
            raise Mistaken("\n".join(faults))
        tell(f"{name}: services", "pinned, non-root, read-only, bounded, healthy in order")
        yield
    texts = {path: path.read_text() for path in (COMPOSE, TLS)}
    tell(".env.example", rules.settings_are_explained(texts, EXAMPLE.read_text()))
    for name in IMAGES:
        tell(f"{name}.Dockerfile: copies", rules.copied(ROOT / "deploy" / "docker" / f"{name}.Dockerfile"))
    yield


def packages() -> None:
    """Every package of every image, for both architectures."""
    for requirements in (*IMAGES.values(), "uv"):
        for architecture in images.ARCHITECTURES:
            tell(f"{requirements}: {architecture}", images.resolve(requirements, architecture))


def trial() -> None:
    """Everything started, in a network of its own."""
    private = ["--net", "--mount"] if os.geteuid() == 0 else ["--net", "--mount", "--user", "--map-root-user"]
    as_users = ["--as-users"] if os.geteuid() == 0 else []
    if not as_users:
        not_here("users of the services", "everything runs as you; root tries them as who they are")
    ran = subprocess.run(
        ["unshare", *private, sys.executable, "-m", "tools.compose.trial", *as_users], cwd=ROOT, check=False
    )
    if ran.returncode != 0:
        raise Mistaken("the trial did not end well")


def main() -> int:
    """Check everything, or one part."""
    parser = argparse.ArgumentParser(prog="make check-compose", description=__doc__)
    parser.add_argument("--only", choices=["files", "packages", "trial"])
    only = parser.parse_args().only
    began = time.monotonic()
    try:
        write(FOLDER)
        if only in (None, "files"):
            for _ in files():
                pass
        if only in (None, "packages"):
            packages()
        if only in (None, "trial"):
            trial()
    except (Mistaken, NotHere) as error:
        print(f"check-compose: {error}", file=sys.stderr)
        return 1
    print(
        f"check-compose: all right, {time.monotonic() - began:.0f} s; nothing was started by a Docker engine"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

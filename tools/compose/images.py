"""Our images: what they say of themselves, and whether their packages exist for what is built."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from tools.compose.model import ROOT, Mistaken

OURS = "coldchain-"

ARCHITECTURES: Mapping[str, str] = {"amd64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
PYTHON = "3.11"


def resolve(requirements: str, architecture: str) -> str:
    """Resolve a locked set as the build does, hashes checked; nothing is installed. Raises Mistaken."""
    tried = subprocess.run(
        [
            "tools/environment.sh", "uv", "pip", "install", "--dry-run", "--only-binary", ":all:",
            "--require-hashes", "--python-version", PYTHON, "--python-platform", ARCHITECTURES[architecture],
            "--target", "build/no-such-folder", "-r", f"requirements/{requirements}.txt",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if tried.returncode != 0:
        raise Mistaken(f"{requirements} for {architecture}: {tried.stderr.strip()[-600:]}")
    return f"{tried.stderr.count(' + ')} packages"


@dataclass(slots=True, kw_only=True)
class Image:
    """What an image brings to whoever starts it."""

    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    entrypoint: tuple[str, ...] = ()


def image(reference: str) -> Image:
    """The last stage of our Dockerfile for an image such as coldchain-backend:local; of others nothing."""
    said = Image()
    if not reference.startswith(OURS):
        return said
    name = reference.removeprefix(OURS).partition(":")[0]
    text = (ROOT / "deploy" / "docker" / f"{name}.Dockerfile").read_text().replace("\\\n", " ")
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            said = Image()
        elif word == "ENV":
            said.environment |= dict(one.partition("=")[::2] for one in shlex.split(rest))
        elif word == "WORKDIR":
            said.folder = rest.strip()
        elif word == "ENTRYPOINT":
            said.entrypoint = tuple(json.loads(rest))
    said.environment.pop("PATH", None)
    return said

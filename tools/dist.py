"""`make dist`: one archive per architecture with all that a gateway needs, to be installed without a network.

Wheels of the parts are built here; those of the libraries come from the index that pip is configured for,
with the hashes of requirements/gateway.txt, for every Python a gateway may have. What an archive lacks it
says itself.
"""

from __future__ import annotations

import argparse
import ensurepip
import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("core", "gateway")
PYTHONS = ("3.11", "3.12", "3.13")
"""Debian 12 and Raspberry Pi OS 12, Ubuntu 24.04, Debian 13 and Raspberry Pi OS 13."""
ARCHITECTURES: Mapping[str, str] = {"aarch64": "aarch64", "x86-64": "x86_64", "armv7": "armv7l"}
"""Name of the archive → the kernel's name of the machine."""
BEST_EFFORT = ("armv7",)
GLIBC = range(17, 37)
SHIPPED = ("install.sh", "coldchain-gateway.service", "60-coldchain.rules", "gateway.toml")


class DistError(Exception):
    """The archive cannot be made; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the archives asked for."""
    parser = argparse.ArgumentParser(prog="make dist", description=__doc__)
    parser.add_argument("--arch", action="append", choices=tuple(ARCHITECTURES), help="default: all")
    parser.add_argument("--python", action="append", choices=PYTHONS, help="default: all")
    parser.add_argument("--into", type=Path, default=ROOT / "dist")
    chosen = parser.parse_args(arguments)
    into: Path = chosen.into
    into.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            parts = build_parts(Path(folder))
            for name in chosen.arch or ARCHITECTURES:
                print(f"dist: {name}: fetching wheels")
                archive, missing = make_archive(name, chosen.python or PYTHONS, parts, into)
                print(f"dist: {archive} {archive.stat().st_size / 1e6:.1f} MB")
                for line in missing:
                    print(f"dist: {name}: no wheel of {line}")
    except DistError as error:
        print(f"dist: {error}", file=sys.stderr)
        return 1
    return 0


def version() -> str:
    """The gateway's version."""
    return str(tomllib.loads((ROOT / "gateway" / "pyproject.toml").read_text())["project"]["version"])


def build_parts(folder: Path) -> list[Path]:
    """The wheels of our own parts."""
    for part in PARTS:
        build = (
            "uv",
            "build",
            "--quiet",
            "--wheel",
            "--no-build-isolation",
            "--out-dir",
            str(folder),
            str(ROOT / part),
        )
        run("tools/environment.sh", *build)
    return sorted(folder.glob("*.whl"))


def make_archive(
    name: str, pythons: Sequence[str], parts: Sequence[Path], into: Path
) -> tuple[Path, list[str]]:
    """The archive of one architecture, and which wheels it lacks."""
    title = f"coldchain-gateway-{version()}-{name}"
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder) / title
        wheels = top / "wheels"
        wheels.mkdir(parents=True)
        missing = fetch(name, pythons, wheels)
        for wheel in (*parts, bundled_pip()):
            shutil.copy(wheel, wheels)
        for file in SHIPPED:
            shutil.copy(ROOT / "deploy" / file, top)
        shutil.copy(ROOT / "docs" / "sensors.md", top)
        (top / "README.md").write_text(
            linked_within((ROOT / "docs" / "pi.md").read_text("utf-8"), top), "utf-8"
        )
        shutil.copy(ROOT / "requirements" / "gateway.txt", top / "requirements.txt")
        (top / "parts.txt").write_text("".join(requirement(wheel) for wheel in parts))
        (top / "ARCHITECTURE").write_text(f"{ARCHITECTURES[name]}\n")
        (top / "MISSING").write_text("".join(f"{line}\n" for line in missing))
        (top / "SHA256SUMS").write_text("".join(checksums(top)))
        archive = into / f"{title}.tar.gz"
        pack(top, archive)
    return archive, missing


def linked_within(text: str, folder: Path) -> str:
    """The text without links that lead out of the folder; their words name the document that it is."""
    return re.sub(
        r"\[([^]]+)\]\(([^)#:]+)(?:#[^)]*)?\)",
        lambda link: link[0] if (folder / link[2]).is_file() else link[1],
        text,
    )


def fetch(name: str, pythons: Sequence[str], wheels: Path) -> list[str]:
    """Every library for every Python; what there is no wheel of. Raises DistError where that is fatal."""
    lines = list(requirements(name))
    missing = []
    for python in pythons:
        fault = download(lines, ARCHITECTURES[name], python, wheels)
        if fault is not None and name not in BEST_EFFORT:
            raise DistError(f"{name}, Python {python}: {fault}")
        for line in lines if fault is not None else ():
            if download([line], ARCHITECTURES[name], python, wheels) is not None:
                missing.append(f"{line.split(' ')[0]} for Python {python}")
    return missing


def requirements(name: str) -> Iterator[str]:
    """The locked libraries of an architecture, each with its hashes on one line."""
    text = (ROOT / "requirements" / "gateway.txt").read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if not re.match(r"[a-z]", line) or (name == "armv7" and "platform_machine != 'armv7l'" in line):
            continue
        hashes = " ".join(re.findall(r"--hash=\S+", line))
        yield f"{re.split('[ ;]', line)[0]} {hashes}"


def download(lines: Sequence[str], machine: str, python: str, wheels: Path) -> str | None:
    """Fetch libraries; the fault, or None."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write("\n".join(lines) + "\n")
        wanted.flush()
        platforms = [f"manylinux_2_{minor}_{machine}" for minor in GLIBC]
        platforms += [f"manylinux2014_{machine}", f"linux_{machine}"]
        done = subprocess.run(
            [
                pip_python(), "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
                "--no-deps", "--require-hashes", "--only-binary=:all:", "--implementation", "cp",
                "--python-version", python, "--dest", str(wheels), "--requirement", wanted.name,
                *(word for platform in platforms for word in ("--platform", platform)),
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["pip failed"])[-1]


def pip_python() -> str:
    """The Python whose pip knows where packages come from."""
    return str(ROOT / ".uv" / "bin" / "python")


def bundled_pip() -> Path:
    """Python's own copy of pip, so that the target needs none."""
    (wheel,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    return wheel


def requirement(wheel: Path) -> str:
    """The line by which pip takes exactly this wheel."""
    distribution, number = wheel.name.split("-")[:2]
    return f"{distribution.replace('_', '-')}=={number} --hash=sha256:{digest(wheel)}\n"


def checksums(top: Path) -> Iterator[str]:
    """A line for every file, as sha256sum writes and checks it."""
    for file in sorted(top.rglob("*")):
        if file.is_file() and file.name != "SHA256SUMS":
            yield f"{digest(file)}  {file.relative_to(top)}\n"


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def pack(top: Path, archive: Path) -> None:
    """The same content gives the same bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for file in sorted(top.rglob("*")):
            entry = tar.gettarinfo(file, arcname=f"{top.name}/{file.relative_to(top)}")
            entry.uid = entry.gid = entry.mtime = 0
            entry.uname = entry.gname = "root"
            entry.mode = 0o755 if file.is_dir() or file.suffix == ".sh" else 0o644
            if file.is_dir():
                tar.addfile(entry)
            else:
                with file.open("rb") as content:
                    tar.addfile(entry, content)
    archive.write_bytes(gzip.compress(packed.getvalue(), mtime=0))


def run(*command: str) -> None:
    """By the build backend of the developer's environment."""
    environment = {**os.environ, "VIRTUAL_ENV": str(ROOT / ".venv")}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise DistError(f"{' '.join(command[:4])}: {done.stderr.strip()}")


if __name__ == "__main__":
    sys.exit(main())

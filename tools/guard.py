"""What must not be committed: secrets, hosts of package indexes, paths of one machine, large files.

Prints file:line and the reason; exit 1 where something was found.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LARGE_BYTES = 1_000_000
HOSTS = "|".join(r"\.".join(name) for name in (
    ("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs", "org"), ("proxy", "golang", "org"),
    ("static", "crates", "io"), ("deb", "debian", "org"),
))  # fmt: skip
FORBIDDEN = {
    re.compile(HOSTS): "host of a package index",
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"): "private key",
    re.compile(r"\b(?:ghp|gho|xoxb|AKIA)[A-Za-z0-9_-]{16,}"): "token of a service",
    re.compile(r"whsec_[A-Za-z0-9+/]{24,}={0,2}"): "webhook secret",
    re.compile(r"(?<![\w.~$}])/(?:root|home/[a-z]+|work)/[\w.-]+"): "path of one machine",
}
EXPECTED = ("tests/", "tools/guard.py")
"""Where secrets made for tests may stand; hosts and paths of a machine may stand nowhere."""


def tracked(folder: Path) -> list[Path]:
    """Every file that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=folder, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    return [folder / path for path in listed if path and (folder / path).is_file()]


def findings(path: str, text: str) -> Iterator[str]:
    """One line for each forbidden thing in a file."""
    for number, line in enumerate(text.split("\n"), start=1):
        for pattern, reason in FORBIDDEN.items():
            made_for_tests = path.startswith(EXPECTED) and reason in ("webhook secret", "private key")
            if pattern.search(line) and not made_for_tests:
                yield f"{path}:{number}: {reason}"


def inspect(file: Path, name: str) -> Iterator[str]:
    content = file.read_bytes()
    if len(content) > LARGE_BYTES:
        yield f"{name}: {len(content)} bytes; large files do not belong here"
    if b"\0" not in content[:4096]:
        yield from findings(name, content.decode(errors="replace"))


def main() -> int:
    folder = Path(__file__).resolve().parent.parent
    found = [line for file in tracked(folder) for line in inspect(file, file.relative_to(folder).as_posix())]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

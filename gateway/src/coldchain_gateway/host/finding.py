"""What was found, and who may use what."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing with its remedy in the message; a note keeps nothing from working."""

    message: str
    note: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The user who runs the gateway."""

    name: str
    uid: int
    groups: frozenset[int]

    @classmethod
    def current(cls) -> Self:
        """Whoever runs this process."""
        return cls(
            name=os.environ.get("USER", str(os.getuid())),
            uid=os.getuid(),
            groups=frozenset({os.getgid(), *os.getgroups()}),
        )

    def may_use(self, path: Path) -> bool:
        """Whether it may be read and written, by its owner, group and mode."""
        if self.uid == 0:
            return True
        found = path.stat()
        if found.st_uid == self.uid:
            wanted = stat.S_IRUSR | stat.S_IWUSR
        elif found.st_gid in self.groups:
            wanted = stat.S_IRGRP | stat.S_IWGRP
        else:
            wanted = stat.S_IROTH | stat.S_IWOTH
        return found.st_mode & wanted == wanted


def rights_finding(root: Path, path: Path, shown: str, person: Person) -> Finding | None:
    """What is missing for `person` to use a device; None where nothing is."""
    try:
        if person.may_use(path):
            return None
        gid = path.stat().st_gid
    except OSError as error:
        return Finding(message=f"{shown} cannot be looked at: {error.strerror}")
    group = group_name(root, gid)
    return Finding(
        message=f"{person.name} may not use {shown}: it belongs to group {group}; "
        f"`sudo usermod -aG {group} {person.name}`, then log in again"
    )


def group_name(root: Path, gid: int) -> str:
    """The name of a group by /etc/group, or its number."""
    for line in text_of(root / "etc/group").splitlines():
        parts = line.split(":")
        if len(parts) >= 3 and parts[2] == str(gid):
            return parts[0]
    return str(gid)


def text_of(path: Path) -> str:
    """What a file says; nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""

"""A room for one service on this machine: it sees what its container would see, and may write what that may.

The room is a folder in memory with this machine's programs, the local environment at /opt/coldchain, and the
service's mounts at their places; chroot(1) leads in. The trial's own mount namespace keeps it from everybody.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.compose.images import image
from tools.compose.model import ROOT, Mount, Service

HOST = ("/usr", "/etc/ssl", "/etc/alternatives", "/etc/ld.so.cache", "/etc/nsswitch.conf")
LINKS = ("bin", "lib", "lib64", "sbin")
USERS = "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where rooms and named volumes lie, and who everybody is on the network.

    as_users   this is root: services run as the users that the file names
    """

    folder: Path
    programs: Path
    names: Sequence[str]
    address: str
    as_users: bool

    def volume(self, name: str, owner: int) -> Path:
        """A named volume; it belongs to the user who has it first, as an image's folder would."""
        folder = self.folder / "volumes" / name
        if not folder.exists():
            folder.mkdir(parents=True)
            if self.as_users:
                shutil.chown(folder, owner, owner)
        return folder


def command(service: Service, words: Sequence[str], ground: Ground) -> list[str]:
    """The command line that makes the service's room and runs `words` there."""
    room = ground.folder / "rooms" / service.name
    room.mkdir(parents=True, exist_ok=True)
    entered = shlex.join(["exec", "chroot", str(room), *_as_service(service, words, ground)])
    script = "\n".join(["set -e", *_furnish(service, room, ground), entered])
    return ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script]


def beside(pid: int, service: Service, words: Sequence[str], ground: Ground) -> list[str]:
    """The command line that runs `words` in the room of the running service `pid`."""
    return ["nsenter", "--target", str(pid), "--mount", "--root", *_as_service(service, words, ground)]


def _as_service(service: Service, words: Sequence[str], ground: Ground) -> list[str]:
    brought = image(service.image)
    settings = {
        "PATH": "/opt/coldchain/bin:/opt/programs:/usr/local/bin:/usr/bin:/bin:/usr/sbin",
        **brought.environment,
        **service.environment,
    }
    entered = ["env", "-i", "-C", brought.folder, *(f"{key}={value}" for key, value in settings.items())]
    if ground.as_users:
        user = str(service.uid)
        entered = [
            "setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs",
            "--bounding-set=-all", *entered,
        ]  # fmt: skip
    return [*entered, *words]


def _furnish(service: Service, room: Path, ground: Ground) -> Iterator[str]:
    def bind(source: str | Path, target: str, *, read_only: bool) -> Iterator[str]:
        place = f"{room}{target}"
        made = "mkdir -p" if Path(source).is_dir() else "touch"
        yield shlex.join(["mkdir", "-p", str(Path(place).parent)])
        yield f"{made} {shlex.quote(place)}"
        yield shlex.join(["mount", "--rbind", str(source), place])
        if read_only:
            yield shlex.join(["mount", "-o", "remount,bind,ro", place]) + " 2>/dev/null || true"

    yield shlex.join(["mount", "-t", "tmpfs", "-o", "mode=755", "room", str(room)])
    for place in HOST:
        if Path(place).exists():
            yield from bind(place, place, read_only=True)
    for name in LINKS:
        if Path(f"/{name}").is_symlink():
            yield shlex.join(["ln", "-s", f"usr/{name}", f"{room}/{name}"])
        elif Path(f"/{name}").exists():
            yield from bind(f"/{name}", f"/{name}", read_only=True)
    for place in ("/dev", "/proc"):
        yield from bind(place, place, read_only=False)
    yield from bind(ROOT / ".venv", "/opt/coldchain", read_only=True)
    yield from bind(ROOT, "/opt/demo", read_only=True)
    yield from bind(ground.programs, "/opt/programs", read_only=True)
    yield shlex.join(["mkdir", "-p", f"{room}{image(service.image).folder}"])
    yield f"printf %s {shlex.quote(USERS)} > {room}/etc/passwd"
    yield f"echo 127.0.0.1 localhost > {room}/etc/hosts"
    yield f"echo {ground.address} {' '.join(ground.names)} >> {room}/etc/hosts"
    for mount in sorted(service.mounts, key=lambda one: one.target):
        if mount.kind == "tmpfs":
            yield shlex.join(["mkdir", "-p", f"{room}{mount.target}"])
            yield shlex.join(
                ["mount", "-t", "tmpfs", "-o", _memory(mount), "memory", f"{room}{mount.target}"]
            )
            continue
        source = ground.volume(mount.source, service.uid) if mount.kind == "volume" else Path(mount.source)
        yield from bind(source, mount.target, read_only=mount.read_only)
    # Last, because they may lie below a place where the service has memory of its own.
    for needed in {str(ROOT), sys.base_prefix} - {"/usr"}:
        yield from bind(needed, needed, read_only=True)
    yield shlex.join(["mount", "-o", "remount,ro", str(room)])


def _memory(mount: Mount) -> str:
    """What a tmpfs was asked to be; an owner that is not mapped here is left out."""
    return (
        ",".join(one for one in mount.source.split(",") if one and one.partition("=")[0] in {"mode", "size"})
        or "mode=1777"
    )

"""A PostgreSQL server of one's own: Debian's programs on a Unix socket in a folder that goes away.

PostgreSQL does not run as root: where we do, it runs as the user `postgres`, or as nobody.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

USER: Final = "coldchain"
_SETTINGS: Final = {
    "listen_addresses": "",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "timezone": "UTC",
}
_QUICK: Final = {"fsync": "off", "full_page_writes": "off"}


class PostgresMissing(Exception):
    """No PostgreSQL on this machine: `make deps` installs it."""


class Server:
    """`start` makes and starts it, `close` ends it and forgets everything. `durable`: as in life."""

    def __init__(self, *, durable: bool = True) -> None:
        self._programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="cc-pg-", dir="/tmp"))
        self._data, self._log = self.folder / "data", self.folder / "log"
        self._durable = durable

    def start(self) -> None:
        """Make the cluster with a collation that is not by bytes, as servers have it, and start it."""
        self.folder.chmod(0o755)
        user = _other_user()
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._run(
            "initdb", "--pgdata", str(self._data), "--username", USER, "--auth", "trust", "--no-sync",
            "--encoding", "UTF8", "--locale-provider", "icu", "--icu-locale", "en", "--locale", "C.UTF-8",
        )  # fmt: skip
        quick = {} if self._durable else _QUICK
        settings = {**_SETTINGS, **quick, "unix_socket_directories": str(self.folder)}
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(lines)
        self.up()

    def up(self) -> None:
        """Start the server and wait until it answers."""
        self._run("pg_ctl", "--pgdata", str(self._data), "--log", str(self._log), "--wait", "start")

    def down(self) -> None:
        """Stop it as a power cut would: no connection is told, nothing is written any more."""
        self._run("pg_ctl", "--pgdata", str(self._data), "--mode", "immediate", "--wait", "stop")

    def close(self) -> None:
        """End it."""
        if (self._data / "postmaster.pid").exists():
            self.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*_as_other_user(), str(self._programs / program), *arguments],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode:
            log = self._log.read_text() if self._log.exists() else ""
            raise RuntimeError(f"{program}: {done.stderr.decode()}{log}")


def programs() -> Path:
    """The folder of Debian's newest PostgreSQL, or of the one on PATH. Raises PostgresMissing."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    raise PostgresMissing("no PostgreSQL here: make deps")


def _other_user() -> pwd.struct_passwd | None:
    """Whom the server runs as where the tests run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresMissing("neither a user postgres nor nobody here, and the server does not run as root")


def _as_other_user() -> list[str]:
    user = _other_user()
    if user is None:
        return []
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]

"""A PostgreSQL server of a test run's own: Debian's programs on a Unix socket in a folder that goes away.

PostgreSQL does not run as root: where the tests do, it runs as the user `postgres`, or as nobody.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, text

from coldchain_backend.sql import SERIES_FILE, Place
from coldchain_runtime.secrets import Secret

USER: Final = "coldchain"
SCHEMA: Final = "coldchain_demo"
_TEMPLATE: Final = "coldchain_ready"
_SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "timezone": "UTC",
}


class PostgresMissing(Exception):
    """No PostgreSQL on this machine: `make deps` installs it."""


class Postgres:
    """`start` makes and starts it, `close` ends it and forgets everything; databases are copies of one."""

    def __init__(self, *, durable: bool = False) -> None:
        self._programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="cc-pg-", dir="/tmp"))
        self._data, self._log = self.folder / "data", self.folder / "log"
        self._durable = durable
        self._ready: Path | None = None

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
        settings = dict(_SETTINGS, unix_socket_directories=str(self.folder))
        if self._durable:
            del settings["fsync"], settings["full_page_writes"]
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

    def database(self) -> str:
        """The name of a new database, with nothing in it."""
        name = f"test_{secrets.token_hex(8)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def ready(self, folder: Path) -> str:
        """A new database with the tables of this version; its file of readings is put into a folder."""
        if self._ready is None:
            self._ready = self.folder / "readings"
            self._ready.mkdir()
            self.execute(f"CREATE DATABASE {_TEMPLATE}")
            self.place(self._ready, _TEMPLATE).open().close()
        name = f"test_{secrets.token_hex(8)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        shutil.copy(self._ready / SERIES_FILE, folder)
        return name

    def drop(self, name: str) -> None:
        """Forget a database, also with connections left open."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def place(self, folder: Path, database: str) -> Place:
        """Where a backend with this data folder keeps its state."""
        return Place(data_dir=folder, server=Secret(self.url(database)), schema=SCHEMA)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """One statement outside any transaction; its rows."""
        engine = create_engine(
            self.url(database).replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            found = connection.execute(text(statement))
            rows = [tuple(row) for row in found] if found.returns_rows else []
        engine.dispose()
        return rows

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

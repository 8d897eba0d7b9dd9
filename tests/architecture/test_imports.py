"""Importing does nothing: no environment, no socket, no process, no thread, no file written."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

PACKAGES = (
    "coldchain",
    "coldchain_runtime",
    "coldchain_gateway",
    "coldchain_backend",
    "coldchain_sim",
    "coldchain_dashboards",
)
TOO_HEAVY_FOR_THE_EDGE = frozenset(
    {
        "typer",
        "rich",
        "structlog",
        "prometheus_client",
        "httpx",
        "aiohttp",
        "pandas",
        "pydantic",
        "cryptography",
        "influxdb_client",
    }
)

IMPORT_ALL = textwrap.dedent(
    """
    import importlib, pkgutil, sys
    LOUD = {"socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system",
            "os.mkdir", "os.rename", "os.remove", "sqlite3.connect", "_thread.start_new_thread"}
    def watch(event, arguments):
        writes = event == "open" and isinstance(arguments[1], str) and set("wax+") & set(arguments[1])
        if event in LOUD or (writes and not str(arguments[0]).endswith(".pyc")):
            raise RuntimeError(f"importing did {event} {arguments[:2]}")
    sys.dont_write_bytecode = True
    sys.addaudithook(watch)
    package = importlib.import_module(sys.argv[1])
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if ".migrations." not in found.name and not found.name.endswith(".__main__"):
            importlib.import_module(found.name)
    print("\\n".join(sys.modules))
    """
)


def modules_after_importing(package: str) -> set[str]:
    """Names of all modules once every module of a package is imported in an empty environment."""
    ended = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, package], env={}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return set(ended.stdout.split())


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_imports_in_an_empty_environment_and_does_nothing(package: str) -> None:
    assert package in modules_after_importing(package)


def test_the_gateway_loads_nothing_that_is_too_heavy_for_the_edge() -> None:
    roots = {name.partition(".")[0] for name in modules_after_importing("coldchain_gateway")}
    assert roots & TOO_HEAVY_FOR_THE_EDGE == set()

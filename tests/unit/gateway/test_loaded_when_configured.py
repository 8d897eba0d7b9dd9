"""A driver's libraries are loaded when a source asks for them, and not before."""

import subprocess
import sys
from pathlib import Path

import pytest

DRIVERS = {"re2", "pynmeagps", "serial", "paho"}
HEAD = '[gateway]\nname = "gw"\norganisation = "demo"\n'
LINE = '[[source]]\nkind = "serial_line"\nname = "a"\nport = "/dev/ttyUSB0"\nsensor = "a"\n'
SOURCES = {
    "none": ("", set()),
    "json": (LINE, {"serial"}),
    "regex": (LINE + "format = \"regex\"\nregex.pattern = '(?P<temperature>.*)'\n", {"serial", "re2"}),
    "nmea": (LINE + 'format = "nmea"\n', {"serial", "pynmeagps"}),
}
PROGRAM = """
import sys
from pathlib import Path
from coldchain_gateway.config import load
from coldchain_gateway.sources import open_source
from coldchain_runtime.clock import SystemClock
for config in load(Path(sys.argv[1])).config.source:
    open_source(config, clock=SystemClock(), template_dirs=())
print(" ".join(sorted({name.split(".")[0] for name in sys.modules})))
"""
BUS = "coldchain_gateway.sources.bus"


@pytest.mark.parametrize("kind", SOURCES)
def test_only_what_is_configured_is_loaded(kind: str, tmp_path: Path) -> None:
    body, wanted = SOURCES[kind]
    file = tmp_path / "gateway.toml"
    file.write_text(HEAD + body)
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(file)], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) & DRIVERS == wanted


def test_to_read_a_configuration_loads_nothing_of_a_bus_but_what_is_said_of_it() -> None:
    program = "import sys, coldchain_gateway.config; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert {name for name in done.stdout.split() if name.startswith(BUS)} == {BUS, f"{BUS}.config"}

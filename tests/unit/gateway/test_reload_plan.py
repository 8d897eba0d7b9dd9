"""What a changed file means for the running program: pure comparison."""

from pathlib import Path

import pytest

from coldchain_gateway.app.reload import plan
from coldchain_gateway.app.wires import wanted
from coldchain_gateway.config import Settings, load

BASE = """\
[gateway]
name = "gw-1"
organisation = "demo"
template_dirs = ["maps"]

[uplink]
url = "http://127.0.0.1:9"

[[source]]
kind = "serial_line"
name = "line"
port = "/dev/null"

[[source]]
kind = "modbus"
name = "bus"
port = "/dev/zero"

[[source.unit]]
address = 1
template = "xy-md02"
sensor = "freezer"
interval = "5s"
"""
APPLIABLE = frozenset({"gateway", "uplink"})


def settings(folder: Path, text: str) -> Settings:
    file = folder / "gateway.toml"
    file.write_text(text)
    return load(file)


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("", "", ()),
        ("[gateway]", "# a remark\n[gateway]", ()),
        ('interval = "5s"', 'interval = "6s"', ("source bus changed",)),
        ('name = "line"', 'name = "lane"', ("source line removed", "source lane added")),
        ('url = "http://127.0.0.1:9"', 'url = "http://127.0.0.1:8"', ("[uplink] changed",)),
        ('template_dirs = ["maps"]', 'seal_after = "1s"\ntemplate_dirs = ["maps"]', ("[gateway] changed",)),
    ],
)
def test_only_what_differs_is_touched(tmp_path: Path, old: str, new: str, lines: tuple[str, ...]) -> None:
    before = settings(tmp_path, BASE)
    after = settings(tmp_path, BASE.replace(old, new, 1))
    todo = plan(before, after, wanted(before), APPLIABLE)
    assert todo.lines() == lines
    assert todo.fixed == ()
    assert todo.empty == (not lines)


def test_a_changed_register_map_of_ones_own_restarts_the_buses_alone(tmp_path: Path) -> None:
    before = settings(tmp_path, BASE)
    runs = wanted(before)
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "mine.toml").write_text("# a map")
    assert plan(before, before, runs, APPLIABLE).changed == ("bus",)


@pytest.mark.parametrize(
    ("old", "new", "fixed"),
    [
        ('name = "gw-1"', 'name = "gw-2"', "gateway.name"),
        ('organisation = "demo"', 'organisation = "other"', "gateway.organisation"),
        ("[uplink]", "[local_alarm]\nlog = false\n[uplink]", "[local_alarm]"),
    ],
)
def test_what_only_a_restart_changes_is_named(tmp_path: Path, old: str, new: str, fixed: str) -> None:
    before = settings(tmp_path, BASE)
    after = settings(tmp_path, BASE.replace(old, new, 1))
    assert plan(before, after, wanted(before), APPLIABLE).fixed == (fixed,)

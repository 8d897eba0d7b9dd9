"""Heat and supply voltage, as a Pi's kernel tells them, and where it tells nothing."""

from pathlib import Path

import pytest

from coldchain_gateway.identity import came_from
from coldchain_gateway.machine import Machine, look, serial_number


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_pi_tells_both(tmp_path: Path) -> None:
    write(tmp_path, "sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "48312\n")
    write(tmp_path, "sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    write(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    assert look(tmp_path) == Machine(cpu_celsius=48.312, undervoltage=True)
    write(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n")
    assert look(tmp_path).undervoltage is False


@pytest.mark.parametrize(("kind", "temp"), [("acpitz", "30000"), ("cpu-thermal", "hot"), ("cpu-thermal", "")])
def test_what_is_not_told_is_not_made_up(tmp_path: Path, kind: str, temp: str) -> None:
    write(tmp_path, "sys/class/thermal/thermal_zone0/type", kind)
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", temp)
    assert look(tmp_path) == Machine()


def test_a_pi_has_a_number_that_no_card_carries(tmp_path: Path) -> None:
    assert serial_number(tmp_path) is None
    write(tmp_path, "proc/device-tree/serial-number", "10000000abcdef01\0")
    assert serial_number(tmp_path) == "10000000abcdef01"


def test_a_key_on_another_computer_is_told_once(tmp_path: Path) -> None:
    assert came_from(tmp_path, "a1") is None, "its first computer"
    assert came_from(tmp_path, "a1") is None
    assert came_from(tmp_path, None) is None, "one that tells no number is no other one"
    assert came_from(tmp_path, "b2") == "a1"
    assert came_from(tmp_path, "b2") is None

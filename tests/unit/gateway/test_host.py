"""What `check` finds on a computer, shown on made-up ones: folders that look like a Pi."""

from pathlib import Path

import pytest

from coldchain_gateway.cli import main
from coldchain_gateway.host import Person, folder_findings, gpio_findings, onewire_findings, port_findings

ROOT_USER = Person(name="root", uid=0, groups=frozenset({0}))
STRANGER = Person(name="pi", uid=54_321, groups=frozenset({54_321}))
BY_ID = "dev/serial/by-id"


class Pi:
    """A folder with what a test puts into it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def file(self, path: str, text: str = "") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def link(self, path: str, target: Path) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def adapter(self, name: str = "usb-FTDI_A1-if00-port0") -> str:
        """A USB adapter with its steady name, which is given."""
        self.link(f"{BY_ID}/{name}", self.file("dev/ttyUSB0"))
        return f"/{BY_ID}/{name}"

    def messages(self, port: str, person: Person = ROOT_USER, own_pid: int | None = None) -> list[str]:
        return [found.message for found in port_findings(self.root, port, person, own_pid)]


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    return Pi(tmp_path)


def test_a_port_that_is_ours_is_good(pi: Pi) -> None:
    assert pi.messages(pi.adapter()) == []


def test_a_port_named_from_here_is_looked_for_where_run_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tty-bus").touch()
    monkeypatch.chdir(tmp_path)
    assert list(port_findings(Path("/"), "tty-bus", ROOT_USER, None)) == []
    (absent,) = port_findings(Path("/"), "tty-other", ROOT_USER, None)
    assert absent.message.startswith("tty-other is not there")


def test_an_absent_port_names_those_that_are_there(pi: Pi) -> None:
    (nothing,) = pi.messages("/dev/serial/by-id/usb-X")
    assert "no port at all" in nothing
    pi.adapter("usb-A0")
    for number in range(1, 10):
        pi.link(f"{BY_ID}/usb-A{number}", Path("../../ttyUSB0"))
    (said,) = pi.messages("/dev/serial/by-id/usb-X")
    assert f"/{BY_ID}/usb-A0" in said
    assert "and 2 more" in said


def test_a_name_that_changes_is_a_note_with_the_better_one(pi: Pi) -> None:
    better = pi.adapter()
    (found,) = port_findings(pi.root, "/dev/ttyUSB0", ROOT_USER, None)
    assert found.note
    assert better in found.message


@pytest.mark.parametrize("alias", ["serial0", "ttyAMA0"])
def test_a_console_or_a_login_on_the_headers_uart(pi: Pi, alias: str) -> None:
    uart = pi.file("dev/ttyAMA0")
    pi.link("dev/serial0", uart)
    pi.file("boot/firmware/cmdline.txt", f"console={alias},115200 console=tty1 root=PARTUUID=1 rootwait\n")
    pi.link(
        f"etc/systemd/system/getty.target.wants/serial-getty@{alias}.service", Path("/lib/systemd/system/x")
    )
    console, login = pi.messages("/dev/serial0")
    assert f"console={alias},115200" in console
    assert "do_serial_cons 1" in console
    assert f"disable --now serial-getty@{alias}.service" in login
    pi.adapter()
    assert not [said for said in pi.messages(f"/{BY_ID}/usb-FTDI_A1-if00-port0") if "console" in said]


def test_modem_manager_is_told_to_leave_or_named(pi: Pi) -> None:
    port = pi.adapter()
    pi.file("proc/77/comm", "ModemManager\n")
    (said,) = pi.messages(port)
    assert "ModemManager runs" in said
    pi.file("etc/udev/rules.d/60-coldchain.rules", '# ENV{ID_MM_DEVICE_IGNORE}="1"\n')
    assert pi.messages(port), "a rule in a remark is none"
    shipped = Path(__file__).resolve().parents[3] / "deploy" / "60-coldchain.rules"
    pi.file("etc/udev/rules.d/60-coldchain.rules", shipped.read_text())
    assert pi.messages(port) == []


def test_missing_rights_name_group_and_remedy(pi: Pi) -> None:
    port = pi.adapter()
    device = pi.root / "dev/ttyUSB0"
    device.chmod(0o660)
    gid = device.stat().st_gid
    pi.file("etc/group", f"root:x:999999:\ndialout:x:{gid}:\n")
    (said,) = pi.messages(port, STRANGER)
    assert "sudo usermod -aG dialout pi" in said
    member = Person(name="pi", uid=54_321, groups=frozenset({gid}))
    assert pi.messages(port, member) == []


def test_a_port_that_another_program_holds(pi: Pi) -> None:
    port = pi.adapter()
    pi.file("proc/812/comm", "minicom\n")
    pi.link("proc/812/fd/3", pi.root / "dev/ttyUSB0")
    (said,) = pi.messages(port)
    assert "held open by minicom (812)" in said
    assert pi.messages(port, own_pid=812) == [], "the gateway itself may have it"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("# dtoverlay=w1-gpio\n", "put `dtoverlay=w1-gpio` into /boot/firmware/config.txt"),
        ("dtparam=audio=on\n", "put `dtoverlay=w1-gpio` into /boot/firmware/config.txt"),
        ("[all]\ndtoverlay=w1-gpio,gpiopin=4\n", "reboot"),
        (None, "modprobe w1-gpio"),
    ],
)
def test_a_missing_overlay_for_1_wire(pi: Pi, config: str | None, said: str) -> None:
    if config is not None:
        pi.file("boot/firmware/config.txt", config)
    (found,) = onewire_findings(pi.root)
    assert said in found.message
    pi.file("sys/bus/w1/devices/w1_bus_master1/w1_master_slaves")
    assert list(onewire_findings(pi.root)) == []


def test_a_gpio_chip_that_is_not_there(pi: Pi) -> None:
    pi.file("dev/gpiochip4")
    (found,) = gpio_findings(pi.root, "/dev/gpiochip0", ROOT_USER)
    assert "this computer has /dev/gpiochip4" in found.message
    assert list(gpio_findings(pi.root, "/dev/gpiochip4", ROOT_USER)) == []


CONFIG = """\
[gateway]
name = "gw-1"
organisation = "demo"

[[source]]
kind = "onewire"
name = "probes"

[[source]]
kind = "serial_line"
name = "line"
port = "/dev/serial/by-id/usb-X"
"""


def test_check_names_file_line_and_key_of_what_the_computer_lacks(
    pi: Pi, capsys: pytest.CaptureFixture[str]
) -> None:
    file = pi.file("gateway.toml", CONFIG)
    pi.file("boot/config.txt", "")
    assert main(["--config", str(file), "check", "--root", str(pi.root)]) == 1
    said = capsys.readouterr().out
    assert f"{file}:5: source[0]: the kernel has no 1-Wire bus" in said
    assert f"{file}:12: source[1].port: /dev/serial/by-id/usb-X is not there" in said
    assert main(["--config", str(file), "check", "--no-host"]) == 0
    assert "good" in capsys.readouterr().out


def test_check_tells_all_missing_templates_and_a_bad_watch_file(
    pi: Pi, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = '[[source.unit]]\naddress = 1\ntemplate = "nothing"\nsensor = "s{0}"\n'
    bus = '[[source]]\nkind = "modbus"\nname = "b{0}"\nport = "/dev/x{0}"\n' + unit
    head = '[gateway]\nname = "g"\norganisation = "d"\n[local_alarm]\nwatch_file = "/nowhere"\n'
    file = pi.file("gateway.toml", head + bus.format(1) + bus.format(2))
    assert main(["--config", str(file), "check", "--no-host"]) == 1
    said = capsys.readouterr().out
    assert said.count("nothing") == 2
    assert f"{file}:5: local_alarm.watch_file" in said


def test_a_folder_with_room_is_good_also_before_it_is_there(tmp_path: Path) -> None:
    assert list(folder_findings(tmp_path, 0)) == []
    assert list(folder_findings(tmp_path / "a" / "b", 0)) == []


def test_a_full_disk_is_a_note_with_both_figures(tmp_path: Path) -> None:
    (found,) = folder_findings(tmp_path, 10**18)
    assert found.note
    assert "less than free_space_floor (1000000000000 MB)" in found.message

"""Every shipped register map, against registers as the device's documentation gives them."""

from collections.abc import Mapping

import pytest

from coldchain.errors import ConfigError
from coldchain.readings import Refusal
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import blocks_of, decode_registers
from coldchain_gateway.sources.bus import BusConfig, UnitConfig
from coldchain_gateway.sources.bus.units import check_one_line, units_of
from coldchain_gateway.templates import known_templates, load_template

# template → registers by (function, address as its manual counts), values by sensor, reasons of refusals
Words = Mapping[tuple[int, int], int]
DEVICES: Mapping[str, tuple[Words, Mapping[str, Mapping[str, object]], list[str]]] = {
    "xy-md02": ({(4, 1): 0xFF33, (4, 2): 546}, {"s": {"temperature": -20.5, "humidity": 54.6}}, []),
    "intelmanuf-sht20": ({(4, 0): 305, (4, 1): 546}, {"s": {"temperature": 30.5, "humidity": 54.6}}, []),
    "r4dcb08": (
        {(3, n): word for n, word in enumerate([0x28, 0x8000, 0xFF47, 0, 0x8000, 0x8000, 0x8000, 0x8000])},
        {"s.1": {"temperature": 4.0}, "s.3": {"temperature": -18.5}, "s.4": {"temperature": 0.0}},
        ["sentinel"] * 5,
    ),
    "comet-t0310": ({(3, 0x30): 45}, {"s": {"temperature": 4.5}}, []),
    "comet-t3411": ({(3, 0x30): 45, (3, 0x31): 601}, {"s": {"temperature": 4.5, "humidity": 60.1}}, []),
    "siemens-qfa3150": (
        {(3, 1): 3920, (3, 2): 0, (3, 3): 5000, (3, 4): 1, (3, 401): 1},
        {"s": {"temperature": 4.0, "temperature_f": 39.2}},
        ["probe_fault"],
    ),
    "thermasgard-rtm1": ({(4, 1): 215}, {"s": {"temperature": 21.5}}, []),
    "wb-ms": (
        {(4, 0): 0x7FFF, (4, 1): 0xFFFF, (4, 6): 68, (4, 7): 0x7FFF},
        {"s.ext1": {"temperature": 4.25}},
        ["sentinel", "sentinel", "sentinel"],
    ),
    "adam-4015": (
        {(3, 1): 26874, (3, 2): 0xFFFF, (3, 3): 0, (3, 4): 16384, (3, 5): 1, (3, 6): 65534},
        {
            "s.1": {"temperature": 32.014191},
            "s.4": {"temperature": 0.000763},
            "s.5": {"temperature": -49.996948},
            "s.6": {"temperature": 149.996948},
        },
        ["sentinel", "sentinel"],
    ),
    "inw-t1": ({(3, 3): 0x4088, (3, 4): 0}, {"s": {"temperature": 4.25}}, []),
    "controlbox-tb232": ({(3, 0): 0xC194, (3, 1): 0}, {"s": {"temperature": -18.5}}, []),
    "controlbox-tb232-tenths": ({(3, 0): 0xFF47}, {"s": {"temperature": -18.5}}, []),
    "carel-ir33": (
        {(4, 403): 0xFF47, (2, 3): 0, (4, 412): 40, (2, 6): 1, (3, 404): 0xFF38, (2, 43): 1, (1, 5): 1},
        {"s": {"temperature": -18.5, "set_point": -20.0, "door_open": True, "high_alarm": True}},
        ["probe_fault"],
    ),
    "carel-pj-easy": (
        {(4, 409): 45, (2, 4): 0, (3, 415): 40, (2, 12): 0, (2, 3): 1},
        {"s": {"temperature": 4.5, "set_point": 4.0, "low_alarm": False, "high_alarm": True}},
        [],
    ),
    "carel-uc2se": (
        {(4, 506): 120, (2, 46): 0, (2, 61): 0},
        {"s.b1": {"temperature": 12.0}, "s": {"controller_alarm": False}},
        [],
    ),
    "danfoss-ekc202d": (
        {(3, 2531): 0xFF47, (3, 2529): 45, (3, 20001): 1, (3, 2545): 0xFF38, (3, 1035): 1, (3, 20006): 1},
        {"s": {"temperature": -18.5, "set_point": -20.0, "defrost": True, "door_alarm": True}},
        ["probe_fault"],
    ),
    "danfoss-ekc204a1": (
        {(3, 2531): 45, (3, 2093): 50, (3, 20007): 1},
        {"s": {"temperature": 4.5, "door_alarm": True}, "s.haccp": {"temperature": 5.0}},
        [],
    ),
    "danfoss-ekc202b": ({(3, 12589): 45, (3, 30004): 1}, {"s": {"temperature": 4.5, "high_alarm": True}}, []),
    "danfoss-erc21x": ({(3, 2529): 425, (3, 2500): 400}, {"s": {"temperature": 4.25, "set_point": 4.0}}, []),
    "eliwell-idplus": (
        {(3, 295): 0xFF47, (3, 297): 0x8000, (3, 32876): 1 << 5, (3, 32877): 1 << 1},
        {
            "s": {
                "temperature": -18.5,
                "high_alarm": True,
                "low_alarm": False,
                "door_alarm": False,
                "haccp_alarm": True,
            }
        },
        ["sentinel"],
    ),
    "eliwell-id974lx": (
        {(4, 20286): 45, (2, 1873): 0, (2, 1947): 1},
        {"s": {"temperature": 4.5, "door_alarm": True}},
        [],
    ),
    "dixell-xr": (
        {(3, 256): 45, (3, 257): 0xFFEC, (1, 528): 0},
        {"s": {"temperature": 4.5, "controller_alarm": False}, "s.p2": {"temperature": -2.0}},
        [],
    ),
}


def test_every_shipped_template_is_in_this_table() -> None:
    assert sorted(DEVICES) == known_templates(())


@pytest.mark.parametrize("name", DEVICES)
def test_registers_become_values(name: str) -> None:
    words, expected, reasons = DEVICES[name]
    decoded = decode_registers(load_template(name, ()), "s", words)
    samples = {one.sensor: dict(one.values) for one in decoded if isinstance(one, Sample)}
    assert samples == expected
    assert [one.reason.value for one in decoded if isinstance(one, Refusal)] == reasons


@pytest.mark.parametrize("name", DEVICES)
def test_no_template_claims_more_than_is_known(name: str) -> None:
    template = load_template(name, ())
    assert template.confidence in ("public template", "unverified")
    assert template.source
    assert all(block.count <= template.max_registers for block in blocks_of(template))


def bus(*units: UnitConfig) -> None:
    config = BusConfig(name="bus-1", unit=units)
    check_one_line(config.name, list(units_of(config, ()).values()))


def test_devices_with_different_default_line_settings_do_not_share_a_port() -> None:
    one = UnitConfig(address=1, template="xy-md02", sensor="a")
    other = UnitConfig(address=2, template="carel-ir33", sensor="b")
    with pytest.raises(ConfigError) as caught:
        bus(one, other)
    for told in ("bus-1", "9600 8N1: a (xy-md02)", "19200 8N2: b (carel-ir33)", "line_changed"):
        assert told in str(caught.value)
    bus(one, UnitConfig(address=2, template="carel-ir33", sensor="b", line_changed=True))
    bus(one, UnitConfig(address=2, template="wb-ms", sensor="b"))

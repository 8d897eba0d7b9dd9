"""Statestream with attributes: the told unit decides; one that the quantity does not have is refused."""

import pytest

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Decoded, Sample
from coldchain_gateway.formats import Message, Options, mqtt_format


def streamed(entity: str, unit: str | None, state: str, options: Options | None = None) -> Decoded:
    """What comes of a state, heard after the attribute that tells its unit."""
    decoder = mqtt_format("home_assistant", options or Options())
    if unit is not None:
        told = f'"{unit}"'.encode()
        assert not decoder.decode(Message(f"homeassistant/sensor/{entity}/unit_of_measurement", told, True))
    return decoder.decode(Message(f"homeassistant/sensor/{entity}/state", state.encode()))


@pytest.mark.parametrize(
    ("entity", "unit", "state", "values"),
    [
        ("store_dew_point", "°F", "39.2", {"dew_point": 4.0}),
        ("store_dew_point", "°C", "4.0", {"dew_point": 4.0}),
        ("store_setpoint", "°F", "-4", {"set_point": -20.0}),
        ("store_temperature", "K", "277.15", {"temperature": 4.0}),
        ("store_humidity", "%", "61.2", {"humidity": 61.2}),
        ("store_battery_voltage", "mV", "3010", {"battery_voltage": 3.01}),
        ("store_temperature_f", "°C", "4.0", {"temperature": 4.0}),
        ("store_temperature_f", None, "39.2", {"temperature": 4.0, "temperature_f": 39.2}),
        ("store_humidity_2", None, "61.2", {"humidity": 61.2}),
    ],
)
def test_the_told_unit_is_converted(
    entity: str, unit: str | None, state: str, values: dict[str, float]
) -> None:
    (sample,) = streamed(entity, unit, state)
    assert isinstance(sample, Sample)
    assert dict(sample.values) == values


@pytest.mark.parametrize(
    ("entity", "unit"), [("store_humidity", "g/m³"), ("store_temperature", "%"), ("store_dew_point", "g/kg")]
)
def test_a_unit_that_the_quantity_does_not_have_is_refused(entity: str, unit: str) -> None:
    refusals = [one for one in streamed(entity, unit, "6.1") if isinstance(one, Refusal)]
    assert RefusalReason.UNIT_UNKNOWN in [one.reason for one in refusals]
    assert not [one for one in streamed(entity, unit, "6.1") if isinstance(one, Sample)]

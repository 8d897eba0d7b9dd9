"""What can be measured: the field it travels in, its unit, its type and its possible range."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from coldchain.errors import InvalidInput

Kind = Literal["float", "int", "bool"]

INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A measured thing. `low` and `high` bound what is physically possible, in `unit`, both inclusive."""

    field: str
    unit: str
    kind: Kind
    low: float
    high: float

    def possible(self, value: float) -> bool:
        """Whether `value` is possible for this quantity; NaN never is."""
        return self.low <= value <= self.high


def _number(field: str, unit: str, low: float, high: float) -> Quantity:
    return Quantity(field=field, unit=unit, kind="float", low=low, high=high)


def _whole(field: str, unit: str, low: int, high: int) -> Quantity:
    return Quantity(field=field, unit=unit, kind="int", low=low, high=high)


def _switch(field: str) -> Quantity:
    return Quantity(field=field, unit="", kind="bool", low=0, high=1)


_ALL = (
    _number("temperature", "°C", -200.0, 850.0),
    _number("temperature_f", "°F", -328.0, 1562.0),
    _number("humidity", "%RH", 0.0, 100.0),
    _number("dew_point", "°C", -150.0, 150.0),
    _number("pressure", "hPa", 0.0, 12_000.0),
    _number("co2", "ppm", 0.0, 1_000_000.0),
    _number("illuminance", "lx", 0.0, 200_000.0),
    _number("battery", "%", 0.0, 100.0),
    _number("battery_voltage", "V", 0.0, 100.0),
    _number("mains_voltage", "V", 0.0, 1_000.0),
    _number("ups_charge", "%", 0.0, 100.0),
    _number("set_point", "°C", -200.0, 850.0),
    _number("latitude", "°", -90.0, 90.0),
    _number("longitude", "°", -180.0, 180.0),
    _number("altitude", "m", -500.0, 20_000.0),
    _number("speed", "km/h", 0.0, 1_000.0),
    _number("course", "°", 0.0, 360.0),
    _number("link_quality", "", -200.0, 255.0),
    _whole("counter", "", 0, INT64_MAX),
    _whole("satellites", "", 0, 255),
    _switch("door_open"),
    _switch("mains"),
    _switch("ignition"),
    _switch("battery_low"),
    _switch("compressor"),
    _switch("defrost"),
    _switch("motion"),
    _switch("water_leak"),
    _switch("tamper"),
    _switch("controller_alarm"),
    _switch("high_alarm"),
    _switch("low_alarm"),
    _switch("door_alarm"),
    _switch("defrost_alarm"),
    _switch("haccp_alarm"),
)

QUANTITIES: Mapping[str, Quantity] = MappingProxyType({quantity.field: quantity for quantity in _ALL})
"""Every known quantity by its field name.

`counter` is the device's own message number. `mains` is true while the mains are there. `controller_alarm` is
any alarm of a refrigeration controller, `high_alarm` to `haccp_alarm` are those that it tells apart.
"""


def quantity(field: str) -> Quantity:
    """The quantity that travels in `field`; InvalidInput when there is none."""
    try:
        return QUANTITIES[field]
    except KeyError:
        raise InvalidInput(f"unknown field {field!r}; known are {', '.join(sorted(QUANTITIES))}") from None

"""What is known around the cause of an alert when it is told: what a person asks first on the phone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """Another point of the zone: its newest value, and whether that is out of limits there."""

    point: str
    value: float | None
    at_ms: int | None
    out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the asset was last heard to be, and when that was."""

    latitude: float
    longitude: float
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """As of the log's stamp of the telling; times are ms UTC, None is not known.

    door, defrost        whether one is open or runs now; mains: whether there is supply
    ups_charge           %
    last_contact_ms      event time of the sensor's newest reading, whatever it said
    degree_minutes       how far beyond the limit times how long, known time only
    """

    door_open: bool | None = None
    defrost: bool | None = None
    mains: bool | None = None
    ups_charge: float | None = None
    last_contact_ms: int | None = None
    degree_minutes: float | None = None
    position: Position | None = None
    siblings: tuple[Sibling, ...] = ()

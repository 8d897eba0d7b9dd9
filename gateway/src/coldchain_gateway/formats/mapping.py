"""Any MQTT payload, mapped by the configuration: where sensor, values and time stand, and what they mean."""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from coldchain.errors import InvalidInput
from coldchain.quantities import QUANTITIES
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Decoded, Sample

from .family import Family, Options, known_zone
from .json_text import read_json
from .message import Message, refuse_retained
from .recent import Last
from .reference import Place, Reference
from .source_time import TimeUnit, time_of
from .values import MISSING, UNITS, Said, Unreadable, number_of, refused, sampled, sensor_id

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MOST_ENTRIES: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Where sensor, values and time stand in a message; each is a reference such as `json:$.t`.

    `topic:1` is the second level of the topic, `topic:1-` everything from there on; `json:$.D>$.t` reads the
    text at `D` as JSON of its own. `each` names a list: every entry is then a message, which `json:` means,
    and `outer:` the whole. `units` says in which unit a field comes where it is not the usual one
    (`temperature = "F"`); `scales` and `offsets` come before that (value x scale + offset); `error_values`
    are no readings; `true_when` lists what means true for a switch. `time_unit` is s, ms or iso (else told by
    its look), `time_zone` that of times without offset. `moves` is what differs in every new telling, a
    counter or a time: a message in which it stands still is a repeat.
    """

    sensor: str
    fields: Table[str, str]
    units: Table[str, str] = field(default_factory=dict)
    scales: Table[str, float] = field(default_factory=dict)
    offsets: Table[str, float] = field(default_factory=dict)
    error_values: Table[str, tuple[float, ...]] = field(default_factory=dict)
    true_when: Table[str, tuple[str, ...]] = field(default_factory=dict)
    each: str | None = None
    time: str | None = None
    time_unit: TimeUnit | None = None
    time_zone: str | None = None
    moves: str | None = None

    def __post_init__(self) -> None:
        if not self.fields:
            raise InvalidInput("a mapping needs at least one field")
        for name in (*self.fields, *self.units):
            if name not in QUANTITIES:
                raise InvalidInput(f"unknown field {name!r}; known are {', '.join(sorted(QUANTITIES))}")
        for name, unit in self.units.items():
            if unit not in UNITS.get(name, {}):
                raise InvalidInput(
                    f"{name} in {unit!r}; known are {', '.join(UNITS.get(name, {})) or 'none'}"
                )
        for name in (*self.scales, *self.offsets, *self.error_values, *self.true_when):
            if name not in self.fields:
                raise InvalidInput(f"{name!r} is not one of the mapping's fields")
        for written in (self.sensor, *self.fields.values(), self.time, self.each, self.moves):
            if written is not None:
                Reference.parse(written)
        self.zone()

    def zone(self) -> "ZoneInfo | None":
        """The zone of times without offset. Raises InvalidInput where this machine does not know it."""
        return None if self.time_zone is None else known_zone(self.time_zone)


def _parsed(written: str | None) -> Reference | None:
    return None if written is None else Reference.parse(written)


class MappingFormat:
    """Decodes by one mapping."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._sensor = Reference.parse(mapping.sensor)
        self._fields = {name: Reference.parse(written) for name, written in mapping.fields.items()}
        self._time, self._each = _parsed(mapping.time), _parsed(mapping.each)
        self._moves = _parsed(mapping.moves)
        self._zone = mapping.zone()
        self._last = Last()
        references = [self._sensor, *self._fields.values(), self._time, self._each, self._moves]
        self._needs_json = any(one is not None and one.needs_json for one in references)

    def decode(self, message: Message) -> Decoded:
        """One sample with every field that is there, and a refusal for each that is none; so for `each`."""
        try:
            refuse_retained(message)
            document = read_json(message.payload) if self._needs_json else None
            whole = Place(message.topic.split("/"), message.payload, document, document)
            return self._decoded(whole, message) if self._each is None else self._entries(whole, message)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)

    def _entries(self, whole: Place, message: Message) -> Decoded:
        found = MISSING if self._each is None else self._each.find(whole)
        entries: Sequence[object] = found if isinstance(found, list) else [found]
        if found is MISSING or not entries:
            raise Unreadable(RefusalReason.NO_READING, "no entries")
        decoded: list[Sample | Refusal] = []
        for entry in entries[:MOST_ENTRIES]:
            try:
                place = Place(whole.levels, whole.payload, entry, whole.outer)
                decoded.extend(self._decoded(place, message))
            except Unreadable as error:
                decoded.append(refused(error.reason, f"{message.topic}: {error}", message.payload))
        if len(entries) > MOST_ENTRIES:
            decoded.append(refused(RefusalReason.TOO_LONG, f"{len(entries)} entries", message.payload))
        return decoded

    def _decoded(self, place: Place, message: Message) -> Decoded:
        """Raises Unreadable where no sensor is named."""
        payload = message.payload
        sensor = sensor_id(self._sensor.find(place))
        still = self._moves is not None and self._last.repeats(sensor, str(self._moves.find(place)))
        if still and not message.dup:
            return (refused(RefusalReason.REPEAT, "what moves stands still", payload, sensor),)
        said = list(self._said(place))
        if self._time is None:
            return sampled(sensor, said, payload)
        told = self._time.find(place)
        unit = self._mapping.time_unit
        time_ms = time_of(told, unit=unit, zone=self._zone, near_ms=message.arrival_ms)
        decoded = sampled(sensor, said, payload, time_ms)
        if time_ms is None:
            # The reading counts from its arrival; that the device's own time is no use is told.
            shown = "missing" if told is MISSING else f"{told!r:.60}"
            decoded.append(refused(RefusalReason.BAD_TIME, f"time: {shown}", payload, sensor))
        return decoded

    def _said(self, place: Place) -> Iterator[Said]:
        units = self._mapping.units
        for name, reference in self._fields.items():
            found = reference.find(place)
            if found is not MISSING:
                yield Said(name=name, field=name, value=self._meant(name, found), unit=units.get(name, ""))

    def _meant(self, name: str, found: object) -> object:
        mapping = self._mapping
        if name in mapping.true_when and isinstance(found, str):
            return found in mapping.true_when[name]
        number = number_of(found)
        if number is None:
            return found
        if number in mapping.error_values.get(name, ()):
            return RefusalReason.SENTINEL
        scale, offset = mapping.scales.get(name, 1), mapping.offsets.get(name, 0)
        return found if (scale, offset) == (1, 0) else round(number * scale + offset, 6)


def _make(options: Options) -> MappingFormat:
    """Raises InvalidInput where the subscription has no mapping."""
    if options.mapping is None:
        raise InvalidInput("format 'mapping' and [source.subscription.mapping] go together")
    return MappingFormat(options.mapping)


def _recognise(_message: Message) -> None:
    """Nobody can guess what a payload means."""


FAMILY: Final = Family(
    title="Mapping",
    devices="any JSON or bare value: Teltonika data to server, PLC gateways, scripts",
    topics=(),
    quantities=tuple(QUANTITIES),
    confidence="documented",
    make=_make,
    recognise=_recognise,
    publisher_qos=None,
    liveness="what `moves` names; else arrival",
    loses="by the publisher",
    options=frozenset({"mapping"}),
)

"""Sparkplug B: `spBv1.0/GROUP/MESSAGE/NODE[/DEVICE]` with metrics in Protocol Buffers.

https://sparkplug.eclipse.org/specification. A BIRTH tells names, aliases and types; DATA may hold aliases
alone, so what comes before its BIRTH has no name. A metric's ending tells its quantity. DEATH is silence of
all that node or device measures; the gateway only listens and commands nobody.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Decoded, Sample

from .entity_names import ENDINGS, SWITCHES, Entity, entity_of
from .family import Family, Options, Recognised
from .message import Message, refuse_retained
from .recent import Heard
from .source_time import past, time_of
from .sparkplug_payload import Metric, read_payload
from .values import Said, Unreadable, refused, sampled, sensor_id

NAMESPACE: Final = "spBv1.0"
BIRTHS: Final = frozenset({"NBIRTH", "DBIRTH"})
DATA: Final = frozenset({"NDATA", "DDATA"})
DEATHS: Final = frozenset({"NDEATH", "DDEATH"})
# What nodes tell of themselves.
OWN: Final = ("bdSeq", "Node Control/", "Node Info/", "Device Control/", "Properties/")
# Last parts that are nothing but a quantity: the thing is the folder above.
BARE: Final = frozenset(ending for ending, _ in (*ENDINGS, *SWITCHES))
MOST_NODES: Final = 500
MOST_NAMES: Final = 5_000


@dataclass(slots=True)
class Node:
    """What the births of an edge node and its devices told: names and types; sensors by who has them."""

    aliases: dict[tuple[str, int], Metric] = field(default_factory=dict)
    types: dict[tuple[str, str], Metric] = field(default_factory=dict)
    sensors: dict[str, set[str]] = field(default_factory=dict)

    def remember(self, device: str, sensor: str) -> None:
        """Whose silence a DEATH is."""
        if sum(map(len, self.sensors.values())) < MOST_NAMES:
            self.sensors.setdefault(device, set()).add(sensor)


class Sparkplug:
    """Decodes births and data; commands and states of hosts are passed over."""

    def __init__(self, options: Options) -> None:
        self._quantity = options.quantity
        self._nodes: OrderedDict[str, Node] = OrderedDict()
        self._heard = Heard()

    def decode(self, message: Message) -> Decoded:
        """A sample for each thing and time, or refusals."""
        levels = message.topic.split("/")
        if len(levels) not in (4, 5) or levels[0] != NAMESPACE:
            return ()
        kind, device = levels[2], levels[4] if len(levels) == 5 else ""
        if kind not in BIRTHS | DATA | DEATHS:
            return ()
        edge = f"{levels[1]}/{levels[3]}"
        try:
            refuse_retained(message)
            if kind in DEATHS:
                return self._death(edge, device, message.payload)
            return self._metrics(edge, device, kind, message)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)

    def _node(self, edge: str) -> Node:
        node = self._nodes.setdefault(edge, Node())
        self._nodes.move_to_end(edge)
        if len(self._nodes) > MOST_NODES:
            self._nodes.popitem(last=False)
        return node

    def _death(self, edge: str, device: str, payload: bytes) -> Decoded:
        node = self._node(edge)
        owners = [device] if device else list(node.sensors)
        gone = sorted({sensor for owner in owners for sensor in node.sensors.get(owner, ())})
        whom = gone or [sensor_id(f"{edge}/{device}".rstrip("/"))]
        return [refused(RefusalReason.OFFLINE, "DEATH", payload, sensor) for sensor in whom]

    def _metrics(self, edge: str, device: str, kind: str, message: Message) -> Decoded:
        told = read_payload(message.payload)
        frame = (edge, device, kind, told.seq, told.timestamp, message.payload)
        if told.seq is not None and self._heard.again(frame) and not message.dup:
            return (refused(RefusalReason.DUPLICATE, "this seq was heard", message.payload),)
        node = self._node(edge)
        if kind in BIRTHS:
            _learn(node, device, told.metrics)
        by_thing: dict[tuple[str, int | None, bool], list[Said]] = {}
        nameless, unmapped = 0, 0
        for metric in told.metrics:
            known = _named(node, device, metric)
            if known is None:
                nameless += 1
                continue
            entity = self._entity(known)
            unmapped += entity is None and not known.name.startswith(OWN)
            if entity is not None:
                sensor = sensor_id("/".join(part for part in (edge, device, entity.thing) if part))
                node.remember(device, sensor)
                when = time_of(metric.timestamp if metric.timestamp else told.timestamp, unit="ms")
                said = Said(known.name, entity.field, known.value(metric), entity.unit)
                by_thing.setdefault((sensor, when, metric.historical), []).append(said)
        decoded = list(_samples(by_thing, message))
        if unmapped and kind in BIRTHS:
            detail = f"{unmapped} metrics whose names tell no quantity"
            decoded.append(refused(RefusalReason.UNMAPPED, detail, message.payload))
        if nameless:
            detail = f"{nameless} metrics whose BIRTH was not heard"
            decoded.append(refused(RefusalReason.UNMAPPED, detail, message.payload))
        return decoded

    def _entity(self, metric: Metric) -> Entity | None:
        """What a metric measures, by the last part of its name; None for what measures nothing."""
        if metric.name.startswith(OWN) or metric.is_text:
            return None
        path, _, last = metric.name.rpartition("/")
        try:
            entity = entity_of(last, switch=metric.is_switch, otherwise=self._quantity or "")
        except Unreadable:
            return None
        if not entity.field:
            return None
        thing = "" if entity.sure and last.lower().strip("_- ") in BARE else entity.thing
        return entity._replace(thing="/".join(part for part in (path, thing) if part) or last)


def _learn(node: Node, device: str, metrics: Sequence[Metric]) -> None:
    """A birth replaces what was known of its node or device."""
    for table in (node.aliases, node.types):
        for key in [key for key in table if key[0] == device]:
            del table[key]  # type: ignore[arg-type]  # both tables are keyed by device first
    for metric in metrics[:MOST_NAMES]:
        if metric.name and len(node.types) < MOST_NAMES:
            node.types[device, metric.name] = metric
            if metric.alias is not None:
                node.aliases[device, metric.alias] = metric


def _named(node: Node, device: str, metric: Metric) -> Metric | None:
    """The metric as its birth told it; one that brings name and type needs no birth."""
    if metric.name:
        return node.types.get((device, metric.name), metric)
    if metric.alias is None:
        return None
    return node.aliases.get((device, metric.alias)) or node.aliases.get(("", metric.alias))


def _samples(
    by_thing: dict[tuple[str, int | None, bool], list[Said]], message: Message
) -> Iterator[Sample | Refusal]:
    payload = message.payload
    for (sensor, when, historical), said in by_thing.items():
        if historical and past(when, message.arrival_ms) is None:
            yield refused(RefusalReason.HISTORY, f"historical, at {when}", payload, sensor)
            continue
        yield from sampled(sensor, said, payload, when, history=historical)
        if when is None:
            yield refused(RefusalReason.BAD_TIME, "no timestamp that can be believed", payload, sensor)


def _recognise(message: Message) -> Recognised | None:
    levels = message.topic.split("/")
    if levels[0] != NAMESPACE or len(levels) not in (4, 5):
        return None
    return Recognised(family="sparkplug", topic=f"{NAMESPACE}/{levels[1]}/#")


FAMILY: Final = Family(
    title="Sparkplug B",
    devices="PLCs and gateways that speak Sparkplug B",
    topics=(f"{NAMESPACE}/#",),
    quantities=tuple(dict.fromkeys(named for _, named in (*ENDINGS, *SWITCHES))),
    confidence="documented",
    make=Sparkplug,
    recognise=_recognise,
    publisher_qos=0,
    liveness="edge node, seq and each metric's timestamp",
    loses="what is published meanwhile (QoS 0), unless the node stores and sends it as historical",
    options=frozenset({"quantity"}),
)

"""Shelly of the second and third generation: JSON-RPC notifications, or a topic per component.

https://shelly-api-docs.shelly.cloud/gen2/. `params.ts` is UTC; right after waking up, before the clock is
set, it may be missing or small. A sleeping device tells its interval in `sys.wakeup_period`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Decoded, Sample

from .family import Family, Options, Recognised
from .json_text import read_object
from .message import Message, refuse_retained
from .recent import Last
from .source_time import time_of
from .values import Said, Unreadable, number_of, refused, sampled, sensor_id

METHODS: Final = frozenset({"NotifyStatus", "NotifyFullStatus"})
EVENTS: Final = "/events/rpc"
STATUS: Final = "/status/"
# Component → member → field; a member may lie one level down.
COMPONENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "temperature": {"tC": "temperature"},
    "humidity": {"rh": "humidity"},
    "devicepower": {
        "battery.percent": "battery",
        "battery.V": "battery_voltage",
        "external.present": "mains",
    },
    "illuminance": {"lux": "illuminance"},
    "flood": {"alarm": "water_leak"},
}
LONGEST_MS: Final = 7 * 86_400_000


class ShellyGen2:
    """Decodes status notifications; calls, answers and events are passed over.

    A sensor is named after the topic's prefix (as delivered: the device's id), because that stands in both
    kinds of topic; a probe of an add-on after prefix and component id.
    """

    def __init__(self, _options: Options) -> None:
        self._last = Last()

    def decode(self, message: Message) -> Decoded:
        """A sample for each sensor of the message, or refusals."""
        try:
            return self._decoded(message)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)

    def _decoded(self, message: Message) -> Decoded:
        topic = message.topic
        if topic.endswith("/online"):
            return _offline(topic.removesuffix("/online"), message.payload)
        if topic.endswith(EVENTS):
            refuse_retained(message)
            notice = read_object(message.payload)
            params = notice.get("params")
            if notice.get("method") not in METHODS or not isinstance(params, dict):
                return ()
            return self._status(topic.removesuffix(EVENTS), params, message)
        prefix, found, component = topic.rpartition(STATUS)
        if not found or component.partition(":")[0] not in COMPONENTS:
            return ()
        refuse_retained(message)
        return self._status(prefix, {component: read_object(message.payload)}, message, timed=False)

    def _status(
        self, prefix: str, params: Mapping[str, object], message: Message, *, timed: bool = True
    ) -> Decoded:
        payload = message.payload
        time_ms = time_of(params.get("ts"), unit="s") if timed else None
        decoded: list[Sample | Refusal] = []
        for number, said in _by_sensor(params).items():
            sensor = sensor_id(prefix if number == "0" else f"{prefix}/{number}")
            part = sampled(sensor, said, payload, time_ms)
            if isinstance(part[0], Sample):
                part[0] = part[0]._replace(interval_ms=_interval_ms(params))
                repeats = self._last.repeats(sensor, (time_ms, dict(part[0].values)))
                if time_ms is not None and repeats and not message.dup:
                    part = [refused(RefusalReason.REPEAT, "ts has not moved", payload, sensor)]
            decoded.extend(part)
        if decoded and timed and time_ms is None:
            told = f"ts: {params.get('ts')!r:.40}"
            decoded.append(refused(RefusalReason.BAD_TIME, told, payload, sensor_id(prefix)))
        return decoded


def _by_sensor(params: Mapping[str, object]) -> Mapping[str, list[Said]]:
    """What each sensor said, by component id; battery and mains belong to the device itself."""
    by_sensor: dict[str, list[Said]] = {}
    for name, component in params.items():
        kind, _, number = name.partition(":")
        if kind in COMPONENTS and number.isdecimal() and isinstance(component, dict):
            for said in _said(kind, name, component):
                by_sensor.setdefault(number, []).append(said)
    return by_sensor


def _said(kind: str, name: str, component: Mapping[str, object]) -> Iterator[Said]:
    errors = component.get("errors")
    for path, field in COMPONENTS[kind].items():
        found: object = component
        for step in path.split("."):
            found = found.get(step, component) if isinstance(found, dict) else component
        if found is component:
            continue
        if errors and isinstance(errors, list):
            yield Said(f"{name} errors {errors!r:.40}", field, RefusalReason.PROBE_FAULT)
        else:
            yield Said(f"{name}.{path}", field, found)


def _interval_ms(params: Mapping[str, object]) -> int | None:
    sys = params.get("sys")
    period = number_of(sys.get("wakeup_period")) if isinstance(sys, dict) else None
    if period is None or not 0 < period * 1000 <= LONGEST_MS:
        return None
    return round(period * 1000)


def _offline(prefix: str, payload: bytes) -> Decoded:
    if payload.strip() != b"false":
        return ()
    return (refused(RefusalReason.OFFLINE, "online: false", payload, sensor_id(prefix)),)


def _recognise(message: Message) -> Recognised | None:
    if message.topic.endswith(EVENTS) and b'"method"' in message.payload:
        prefix = message.topic.removesuffix(EVENTS)
        return Recognised(family="shelly_gen2", topic=f"{prefix}/#")
    prefix, found, component = message.topic.rpartition(STATUS)
    if found and component.partition(":")[0] in COMPONENTS and message.payload.lstrip().startswith(b"{"):
        return Recognised(family="shelly_gen2", topic=f"{prefix}/#")
    return None


FAMILY: Final = Family(
    title="Shelly, second and third generation",
    devices="Plus H&T, H&T Gen3, Flood Gen4; relays with the sensor add-on",
    topics=("+/events/rpc", "+/status/+", "+/online"),
    quantities=tuple(dict.fromkeys(field for members in COMPONENTS.values() for field in members.values())),
    confidence="captured",
    make=ShellyGen2,
    recognise=_recognise,
    publisher_qos=1,
    interval_s=7200,
    liveness="device and params.ts",
    loses="nothing while the broker keeps the gateway's session; the device itself keeps nothing",
)

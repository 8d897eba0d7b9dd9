"""Sensos labels: a log of readings in one message, each at its own time; null where a reading failed."""

from collections.abc import Mapping
from typing import Final

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Decoded, Sample

from .family import Family, Options, Recognised
from .json_text import read_object
from .message import Message, refuse_retained
from .recent import Heard
from .source_time import past, time_of
from .values import MISSING, Said, Unreadable, number_of, refused, sampled, sensor_id

FIELDS: Final = ("temperature", "humidity")
MOST_ENTRIES: Final = 2_000


class Sensos:
    """Decodes logs; the newest entry tells of now, the others of the past."""

    def __init__(self, _options: Options) -> None:
        self._heard = Heard()

    def decode(self, message: Message) -> Decoded:
        """A sample for each entry, a refusal for each that holds nothing."""
        try:
            refuse_retained(message)
            log = read_object(message.payload)
            entries = log.get("logData")
            if not isinstance(entries, list):
                return ()
            sensor = sensor_id(log.get("deviceId", MISSING))
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)
        again = "logId" in log and self._heard.again((sensor, str(log["logId"])))
        if again and not message.dup:
            return (refused(RefusalReason.DUPLICATE, "this log was heard", message.payload, sensor),)
        decoded = [one for entry in entries[:MOST_ENTRIES] for one in _entry(sensor, entry, message)]
        if len(entries) > MOST_ENTRIES:
            decoded.append(
                refused(RefusalReason.TOO_LONG, f"{len(entries)} entries", message.payload, sensor)
            )
        return _newest_is_now(decoded, log)


def _entry(sensor: str, entry: object, message: Message) -> list[Sample | Refusal]:
    """An entry at its own time; without one it is refused, never taken for now."""
    payload = message.payload
    if not isinstance(entry, dict):
        return [refused(RefusalReason.BAD_JSON, "an entry is no object", payload, sensor)]
    time_ms = past(time_of(entry.get("timestamp")), message.arrival_ms)
    if time_ms is None:
        told = f"entry at {entry.get('timestamp')!r:.40}"
        return [refused(RefusalReason.HISTORY, told, payload, sensor)]
    said = [Said(f"{name} at {entry['timestamp']}", name, entry[name]) for name in FIELDS if name in entry]
    return sampled(sensor, said, payload, time_ms, history=True)


def _newest_is_now(decoded: list[Sample | Refusal], log: Mapping[str, object]) -> Decoded:
    seconds = number_of(log.get("samplingInterval"))
    interval_ms = round(seconds * 1000) if seconds is not None and 0 < seconds <= 7 * 86_400 else None
    newest = max((one.source_time_ms or 0 for one in decoded if isinstance(one, Sample)), default=0)
    return [
        one._replace(history=one.source_time_ms != newest, interval_ms=interval_ms)
        if isinstance(one, Sample)
        else one
        for one in decoded
    ]


def _recognise(message: Message) -> Recognised | None:
    if b'"logData"' not in message.payload or b'"deviceId"' not in message.payload:
        return None
    return Recognised(family="sensos", topic=message.topic)


FAMILY: Final = Family(
    title="Sensos",
    devices="cellular labels that log and send in batches",
    topics=(),
    quantities=FIELDS,
    confidence="captured",
    make=Sensos,
    recognise=_recognise,
    publisher_qos=None,
    liveness="logId; each entry's own time",
    loses="by the broker's queue: the label sends a batch once",
)

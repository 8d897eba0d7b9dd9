"""Neuron: `/neuron/DRIVER` with the tags of a group; those that could not be read stand apart with a code.

https://docs.emqx.com/en/neuron/latest/configuration/north-apps/mqtt/api.html. A tag's ending tells its
quantity (`freezer_humidity`); one without is what the subscription says.
"""

from collections.abc import Mapping
from typing import Final

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Decoded, Sample

from .entity_names import ENDINGS, SWITCHES, entity_of
from .family import Family, Options, Recognised
from .json_text import read_object
from .message import Message, refuse_retained
from .recent import Last
from .source_time import time_of
from .values import MISSING, Said, Unreadable, refused, sampled, sensor_id

MOST_TAGS: Final = 2_000
FORMS: Final = frozenset({"values", "errors", "tags"})


class Neuron:
    """Decodes groups in the forms `values` and `errors`, or `tags`."""

    def __init__(self, options: Options) -> None:
        self._quantity = options.quantity or "temperature"
        self._last = Last()

    def decode(self, message: Message) -> Decoded:
        """A sample for each thing that was measured, a refusal for each tag that could not be read."""
        try:
            refuse_retained(message)
            group = read_object(message.payload)
            if FORMS.isdisjoint(group):
                return ()
            listed = _listed(group.get("tags"))
            values, errors = (_table(group.get(key)) for key in ("values", "errors"))
            return self._group(group, {**values, **listed[0]}, {**errors, **listed[1]}, message)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)

    def _group(
        self,
        group: Mapping[str, object],
        values: Mapping[str, object],
        errors: Mapping[str, object],
        message: Message,
    ) -> Decoded:
        payload, time_ms = message.payload, time_of(group.get("timestamp"), unit="ms")
        name = f"{group.get('node', MISSING)}/{group.get('group', '')}".rstrip("/")
        decoded: list[Sample | Refusal] = []
        by_thing: dict[str, list[Said]] = {}
        for tag, value in list(values.items())[:MOST_TAGS]:
            try:
                entity = entity_of(tag, switch=isinstance(value, bool), otherwise=self._quantity)
            except Unreadable as error:
                decoded.append(refused(error.reason, str(error), payload))
                continue
            by_thing.setdefault(sensor_id(f"{name}/{entity.thing}"), []).append(
                Said(tag, entity.field, value, entity.unit)
            )
        for sensor, said in by_thing.items():
            part = sampled(sensor, said, payload, time_ms)
            sample = part[0]
            if isinstance(sample, Sample):
                repeats = self._last.repeats(sensor, (str(group.get("timestamp")), dict(sample.values)))
                if repeats and not message.dup:
                    part = [refused(RefusalReason.REPEAT, "timestamp has not moved", payload, sensor)]
            decoded.extend(part)
        for tag, code in list(errors.items())[:MOST_TAGS]:
            detail = f"{tag}: error {code!r:.20}"
            decoded.append(refused(RefusalReason.PROBE_FAULT, detail, payload, sensor_id(f"{name}/{tag}")))
        if time_ms is None:
            told = f"timestamp: {group.get('timestamp')!r:.40}"
            decoded.append(refused(RefusalReason.BAD_TIME, told, payload))
        return decoded


def _listed(tags: object) -> tuple[dict[str, object], dict[str, object]]:
    """Values and errors by name, where each tag is an object."""
    named = [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
    return (
        {str(tag["name"]): tag["value"] for tag in named if "name" in tag and "value" in tag},
        {str(tag["name"]): tag["error"] for tag in named if "name" in tag and "error" in tag},
    )


def _table(found: object) -> Mapping[str, object]:
    return found if isinstance(found, dict) else {}


def _recognise(message: Message) -> Recognised | None:
    if not message.topic.startswith("/neuron/") or not any(
        b'"%b"' % form.encode() in message.payload for form in ("values", "tags")
    ):
        return None
    return Recognised(family="neuron", topic="/neuron/#")


FAMILY: Final = Family(
    title="Neuron",
    devices="PLCs and controllers behind a Neuron gateway",
    topics=("/neuron/#",),
    quantities=tuple(dict.fromkeys(field for _, field in (*ENDINGS, *SWITCHES))),
    confidence="documented",
    make=Neuron,
    recognise=_recognise,
    publisher_qos=0,
    liveness="node, group, timestamp and values",
    loses="what is published meanwhile, unless the north application's QoS is 1; its disk cache can help",
    options=frozenset({"quantity"}),
)

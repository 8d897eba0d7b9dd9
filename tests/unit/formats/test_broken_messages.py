"""Golden messages of every MQTT family and LoRaWAN device, spoiled: samples or refusals, never an error."""

from __future__ import annotations

import json
import random
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from coldchain.readings import Refusal
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import AUTO, MQTT_FAMILIES, Mapping, Message, Options, mqtt_format, recognise
from coldchain_gateway.formats.lorawan import CODECS, codec
from coldchain_gateway.formats.values import Unreadable, gathered
from coldchain_gateway.sources.mqtt.config import SubscriptionConfig
from coldchain_runtime.documents import structure
from support.fuzzing import broken, must_hold
from support.sayings import NOW_MS

DATA = Path(__file__).parents[2] / "data" / "formats"
FAMILIES = sorted(MQTT_FAMILIES)
STRANGE_TOPIC = 0.1


def goldens(folder: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((DATA / folder / "golden.json").read_text("utf-8"))
    return found


def payload_of(case: dict[str, str]) -> bytes:
    return bytes.fromhex(case["hex"]) if "hex" in case else case["payload"].encode()


def said(family: str) -> list[tuple[str, bytes]]:
    """Topics and payloads of a family's golden file; of all of them for what is recognised by itself."""
    folders = FAMILIES if family == AUTO else [family]
    return [(case["topic"], payload_of(case)) for folder in folders for case in goldens(folder)]


def options_of(family: str) -> Options:
    """As an installer writes them."""
    if family != "mapping":
        zone = {"time_zone": "UTC"} if family in {AUTO, "tasmota", "rtl_433"} else {}
        return structure(
            {"topic": "N/p/#" if family == "venus" else "#", "format": family, **zone},
            SubscriptionConfig,
            file="made",
        ).options()
    fields = {"temperature": "json:$.t", "humidity": "json:$.a[0]>$.h", "door_open": "payload"}
    return Options(mapping=Mapping(sensor="topic:1", fields=fields))


@pytest.mark.soak
@pytest.mark.parametrize("family", [*FAMILIES, AUTO])
def test_a_spoiled_message_is_read_or_refused(family: str) -> None:
    heard = said(family)
    topics = [topic for topic, _ in heard]
    decoder, rng, found = mqtt_format(family, options_of(family)), random.Random(21), Counter[str]()
    strange = broken([topic.encode() for topic in topics], seed=22)
    for number, payload in enumerate(broken([payload for _, payload in heard], seed=23)):
        topic = rng.choice(topics)
        if rng.random() < STRANGE_TOPIC:
            topic = next(strange).decode("utf-8", "replace")
        message = Message(topic, payload, retained=number % 7 == 0, arrival_ms=NOW_MS + number)
        decoded = decoder.decode(message)
        must_hold(decoded)
        recognise(message)
        found.update(type(one).__name__ for one in decoded)
    assert found[Sample.__name__] > 0
    assert found[Refusal.__name__] > 0


@pytest.mark.soak
@pytest.mark.parametrize("name", CODECS)
def test_a_spoiled_payload_of_a_device_is_read_or_refused(name: str) -> None:
    seeds = [case for case in goldens("lorawan") if case["codec"] == name]
    ports = [int(case["port"]) for case in seeds] or [1]
    rng, read = random.Random(24), 0
    for payload in broken([bytes.fromhex(case["hex"]) for case in seeds], seed=25):
        with suppress(Unreadable):
            for piece in codec(name)(rng.choice(ports), payload):
                values, refusals = gathered("s", piece.said, payload)
                must_hold([Sample("s", values)] if values else [])
                must_hold(refusals)
                read += len(values)
    assert read > 0

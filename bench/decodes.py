"""Decoders: messages per second and core of each MQTT family, beside bare JSON of the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import orjson

from bench.table import Row
from bench.timing import rate
from coldchain_gateway.formats import Message, Options, SerialJson, mqtt_format
from coldchain_sim.devices import MQTT_DEVICES, Measured

MESSAGES = 2_000
START_MS = 1_795_376_523_000


def messages(family: str) -> list[Message]:
    """What twenty devices say in turn, two seconds apart, as the simulator's own encoders write it."""
    made = []
    for number in range(MESSAGES):
        measured = Measured(
            name=f"probe-{number % 20}",
            temperature_c=4.0 + number % 137 / 10,
            humidity=60.0,
            battery=90,
            signal=100,
            counter=number,
            time_ms=START_MS + 2_000 * number,
        )
        said = MQTT_DEVICES[family](measured).publications[0]
        made.append(Message(said.topic, said.payload, arrival_ms=measured.time_ms))
    return made


def decode_all(family: str, told: Sequence[Message]) -> None:
    """By a decoder that has heard nothing yet, so that nothing is a repeat."""
    options = Options(time_zone="Asia/Shanghai") if family == "tasmota" else Options()
    decoder = mqtt_format(family, options)
    for message in told:
        decoder.decode(message)


def read_all(told: Sequence[Message]) -> None:
    """The least that any reader of these bytes does."""
    for message in told:
        with suppress(orjson.JSONDecodeError):
            orjson.loads(message.payload)


def lines(told: Sequence[bytes]) -> None:
    decoder = SerialJson()
    for line in told:
        decoder.decode(line)


def measure() -> list[Row]:
    """One row a family, and one for JSON lines on a serial port."""
    rows = []
    for family in MQTT_DEVICES:
        told = messages(family)
        value = rate(lambda family=family, told=told: decode_all(family, told), MESSAGES)  # type: ignore[misc]  # bound now
        bare = rate(lambda told=told: read_all(told), MESSAGES)  # type: ignore[misc]  # bound now
        rows.append(
            Row(name=f"decode {family}", value=value, unit="1/s", baseline=bare, baseline_name="orjson alone")
        )
    printed = [b'{"id":"p-%d","temp":%.1f,"n":%d}' % (n % 20, 4 + n % 137 / 10, n) for n in range(MESSAGES)]
    bare = rate(lambda: [orjson.loads(line) for line in printed], MESSAGES)
    value = rate(lambda: lines(printed), MESSAGES)
    rows.append(
        Row(name="decode serial json", value=value, unit="1/s", baseline=bare, baseline_name="orjson alone")
    )
    return rows

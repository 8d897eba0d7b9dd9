"""The subscriptions that the README of the MQTT source prints can be used as they stand."""

import re
import tomllib
from pathlib import Path

from coldchain_gateway.formats import AUTO, MQTT_FAMILIES
from coldchain_gateway.sources import MqttConfig
from coldchain_gateway.sources.mqtt.source import formats_of
from coldchain_runtime.documents import structure

README = Path(__file__).parents[3] / "gateway/src/coldchain_gateway/sources/mqtt/README.md"


def test_the_printed_subscriptions_make_decoders() -> None:
    blocks = re.findall(r"```toml\n(\[\[source\.subscription.*?)```", README.read_text("utf-8"), re.DOTALL)
    (block,) = blocks
    said = tomllib.loads(f'[[source]]\nkind = "mqtt"\nname = "m"\nhost = "h"\n{block}')["source"][0]
    config = structure(said, MqttConfig, file="README.md")
    assert len(formats_of(config.subscription)) == 7
    assert {one.format for one in config.subscription} <= set(MQTT_FAMILIES)


def test_every_format_is_explained() -> None:
    text = README.read_text("utf-8")
    missing = [name for name in (*MQTT_FAMILIES, AUTO) if f"`{name}`" not in text]
    assert missing == []

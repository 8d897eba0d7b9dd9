"""Every source's sample is a configuration that loads, and stands in its README as it is."""

from pathlib import Path

import pytest

import coldchain_gateway.sources
from coldchain.errors import ConfigError
from coldchain_gateway.config import load
from coldchain_gateway.contracts import Source
from coldchain_gateway.sources import open_source
from support.still_clock import StillClock

FOLDER = Path(coldchain_gateway.sources.__file__).parent
KINDS = sorted(path.parent.name for path in FOLDER.glob("*/source.py"))
HEAD = '[gateway]\nname = "gw"\norganisation = "demo"\n'


def written(folder: Path, body: str) -> Path:
    file = folder / "gateway.toml"
    file.write_text(HEAD + body, "utf-8")
    return file


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_loads_and_its_source_can_be_made(kind: str, tmp_path: Path) -> None:
    settings = load(written(tmp_path, (FOLDER / kind / "sample.toml").read_text("utf-8")))
    (config,) = settings.config.source
    assert config.kind == kind
    source = open_source(config, clock=StillClock(), template_dirs=settings.template_dirs, folder=tmp_path)
    assert source.name == config.name


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_stands_in_the_readme(kind: str) -> None:
    sample = (FOLDER / kind / "sample.toml").read_text("utf-8").strip()
    readme = (FOLDER / kind / "README.md").read_text("utf-8")
    assert f"```toml\n{sample}\n```" in readme
    assert "| Quality of this driver |" in readme


MISTAKES = {
    "an unknown key": ("serial_line", "baud = 9600\nbuad = 1", "buad"),
    "an impossible speed": ("serial_line", "baud = 9601", "baud"),
    "no template of that name": ("modbus", 'template = "xy-md2"', "xy-md02"),
    "two units at one address": ("modbus", "address = 1\n#", "address"),
    "a password in the file": ("mqtt", 'password = "hunter2"', "file:PATH or env:NAME"),
    "a topic filter that is none": ("mqtt", 'topic = "a/#/b"', "topic"),
    "a mapping with an unknown field": ("mqtt", 'fields.temprature = "payload"', "temprature"),
}
REPLACED = {
    "buad": "baud = 9600",
    "baud": "baud = 9600",
    "xy-md02": 'template = "xy-md02"',
    "address": "address = 2",
    "file:PATH or env:NAME": 'password = "env:MQTT_PASSWORD"',
    "topic": 'topic = "zigbee2mqtt/#"',
    "temprature": 'fields.temperature = "json:$.DS18B20.Temperature"',
}


def opened(file: Path) -> list[Source]:
    settings = load(file)
    return [
        open_source(config, clock=StillClock(), template_dirs=(), folder=file.parent)
        for config in settings.config.source
    ]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_file(mistake: str, tmp_path: Path) -> None:
    kind, wrong, told = MISTAKES[mistake]
    sample = (FOLDER / kind / "sample.toml").read_text("utf-8")
    assert REPLACED[told] in sample
    file = written(tmp_path, sample.replace(REPLACED[told], wrong, 1))
    with pytest.raises(ConfigError) as caught:
        opened(file)
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)

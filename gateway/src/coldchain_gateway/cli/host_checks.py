"""What the computer lacks for a configuration, each at the key that asks for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from coldchain.errors import ConfigError, InvalidInput
from coldchain_gateway.config import Settings
from coldchain_gateway.going_down import GpioInputConfig
from coldchain_gateway.host import (
    Finding,
    Person,
    folder_findings,
    gpio_findings,
    onewire_findings,
    port_findings,
)
from coldchain_gateway.local_alarm import GpioOutputConfig
from coldchain_gateway.sources import (
    ModbusConfig,
    MqttConfig,
    OnewireConfig,
    SerialLineConfig,
    check_credentials,
)
from coldchain_runtime.documents import Place, key_text, toml_line_of

from .reload import running_pid

ROOT: Final = Path("/")
W1: Final = Path("/sys/bus/w1/devices")


def host_mistakes(settings: Settings, root: Path) -> Iterator[tuple[ConfigError, bool]]:
    """Every finding, and whether it is a note only."""
    line_of = toml_line_of(settings.file)
    for place, finding in _findings(settings, root):
        error = ConfigError(
            finding.message, file=str(settings.file), line=line_of(place), key=key_text(place)
        )
        yield error, finding.note


def _findings(settings: Settings, root: Path) -> Iterator[tuple[Place, Finding]]:
    config, person = settings.config, Person.current()
    own_pid = running_pid(settings.data_dir)
    if root == ROOT:
        floor = config.gateway.free_space_floor
        yield from ((("gateway", "data_dir"), found) for found in folder_findings(settings.data_dir, floor))
    for number, source in enumerate(config.source):
        if isinstance(source, SerialLineConfig | ModbusConfig):
            place: Place = ("source", number, "port")
            yield from ((place, found) for found in port_findings(root, source.port, person, own_pid))
        elif isinstance(source, MqttConfig) and root == ROOT:
            try:
                check_credentials(source, settings.folder)
            except InvalidInput as error:
                yield ("source", number), Finding(message=str(error))
        elif isinstance(source, OnewireConfig) and source.root == W1:
            yield from ((("source", number), found) for found in onewire_findings(root))
    for number, output in enumerate(config.local_alarm.output):
        if isinstance(output, GpioOutputConfig):
            place = ("local_alarm", "output", number, "line")
            yield from ((place, found) for found in gpio_findings(root, output.chip, person))
    for number, one in enumerate(config.going_down):
        if isinstance(one, GpioInputConfig):
            place = ("going_down", number, "line")
            yield from ((place, found) for found in gpio_findings(root, one.chip, person))

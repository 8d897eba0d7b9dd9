"""Wires: table of kinds. A driver's libraries are loaded only when one is configured."""

import os
from collections.abc import Sequence
from pathlib import Path

from coldchain_gateway.contracts import Source
from coldchain_runtime import secrets
from coldchain_runtime.clock import Clock

from .modbus.config import ModbusConfig
from .modbus_tcp.config import ModbusTcpConfig
from .mqtt.config import MqttConfig
from .onewire.config import OnewireConfig
from .replay.config import ReplayConfig
from .serial_line.config import SerialLineConfig

SourceConfig = SerialLineConfig | ModbusConfig | ModbusTcpConfig | OnewireConfig | ReplayConfig | MqttConfig


def ports_of(configs: Sequence[SourceConfig]) -> dict[str, list[str]]:
    """Which sources use which serial port; a link and what it points at are one port."""
    users: dict[str, list[str]] = {}
    for config in configs:
        if isinstance(config, SerialLineConfig | ModbusConfig):
            users.setdefault(os.path.realpath(config.port), []).append(config.name)
    return users


def open_source(
    config: SourceConfig, *, clock: Clock, template_dirs: Sequence[Path], folder: Path = Path()
) -> Source:
    """The source of a configuration; its wire is opened by `run`. Raises ConfigError.

    `folder` is what references to files are relative to.
    """
    if isinstance(config, SerialLineConfig):
        from .serial_line.source import SerialLineSource

        return SerialLineSource(config, clock)
    if isinstance(config, ModbusConfig):
        from .modbus.source import ModbusSource

        return ModbusSource(config, clock, template_dirs)
    if isinstance(config, ModbusTcpConfig):
        from .modbus_tcp.source import ModbusTcpSource

        return ModbusTcpSource(config, clock, template_dirs)
    if isinstance(config, OnewireConfig):
        from .onewire.source import OnewireSource

        return OnewireSource(config, clock, folder)
    if isinstance(config, ReplayConfig):
        from .replay.source import ReplaySource

        return ReplaySource(config, clock, folder)
    from .mqtt.source import MqttSource

    return MqttSource(config, clock, folder)


def check_credentials(config: MqttConfig, folder: Path) -> None:
    """Raises InvalidInput for a file with a password or certificate that cannot be read or used. What the
    environment holds, the service knows alone."""
    from .mqtt.connection import tls_context

    if config.password is not None and config.password.startswith("file:"):
        secrets.resolve(config.password, folder)
    if config.tls is not None:
        tls_context(config.tls, folder)


def losses_of(config: SourceConfig) -> list[str]:
    """At which QoS messages come, by what devices do as delivered, and where they can be lost while the
    gateway is away."""
    if not isinstance(config, MqttConfig):
        return []
    from .mqtt.listening import losses, qos_text

    return [
        f"{config.name}: {entry.topic} ({entry.format}): {qos_text(entry)}"
        + (f"; can lose {text}" if (text := losses(entry)) else "")
        for entry in config.subscription
    ]


def declared_sensors(config: SourceConfig, template_dirs: Sequence[Path]) -> dict[str, int | None]:
    """The sensors that a configuration names, with their intervals in ms where it or a template says them.

    Raises ConfigError for a template that is not there.
    """
    if isinstance(config, ModbusConfig | ModbusTcpConfig):
        from coldchain_gateway.templates import load_template

        return {
            unit.sensor: load_template(unit.template, template_dirs).interval
            if unit.interval is None
            else unit.interval
            for unit in config.unit
        }
    if isinstance(config, OnewireConfig):
        return {probe.sensor: config.interval for probe in config.probe}
    if isinstance(config, SerialLineConfig) and config.sensor is not None:
        return {config.sensor: config.interval}
    return {}


def quiet_limit_ms(config: SourceConfig) -> int | None:
    """How long neither reading nor refusal may come before a source is started again; None: for ever."""
    if isinstance(config, ModbusConfig | ModbusTcpConfig):
        slowest = max((unit.interval or 0 for unit in config.unit), default=0)
        return 120_000 + 3 * max(slowest, config.retry)
    if isinstance(config, OnewireConfig):
        return 120_000 + 3 * config.interval if config.probe else None
    if isinstance(config, SerialLineConfig) and config.interval is not None:
        return max(300_000, 10 * config.interval)
    return None


__all__ = [
    "ModbusConfig",
    "ModbusTcpConfig",
    "MqttConfig",
    "OnewireConfig",
    "ReplayConfig",
    "SerialLineConfig",
    "SourceConfig",
    "check_credentials",
    "declared_sensors",
    "losses_of",
    "open_source",
    "ports_of",
    "quiet_limit_ms",
]

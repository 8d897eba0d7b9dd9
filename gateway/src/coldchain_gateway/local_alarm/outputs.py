"""What shines, sounds or publishes while alarms stand: a GPIO line, a relay's commands, an MQTT topic.

An output is brought to what it should be whenever that changes, tried again where it failed, and left off at
the end: nothing may sound that nobody judges.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from coldchain.errors import InvalidInput, Unavailable
from coldchain_gateway.gpio import GpioLine
from coldchain_gateway.programs import run_program
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log
from coldchain_runtime.secrets import resolve

from .config import CommandOutputConfig, GpioOutputConfig, MqttOutputConfig, OutputConfig
from .standing import DARK, Signals

TICK_S: Final = 0.25
RETRY_S: Final = 5.0
MQTT_WITHIN_S: Final = 10.0
log = Log("gateway.local_alarm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What outputs are told: the signals, and the alarms that stand as sentences in both languages."""

    signals: Signals = DARK
    hushed: bool = False
    alarms: tuple[tuple[str, str, str, str], ...] = ()  # point, rule, text_en, text_zh


class Output(Protocol):
    """One thing that can be switched."""

    def wants(self, situation: Situation) -> object:
        """What it should be; equal means that there is nothing to do."""

    async def become(self, situation: Situation) -> None:
        """Raises Unavailable."""

    async def close(self) -> None: ...


class GpioOutput:
    """A buzzer or a lamp at a line of a GPIO chip."""

    def __init__(self, config: GpioOutputConfig) -> None:
        self._config = config
        self._line: GpioLine | None = None

    def wants(self, situation: Situation) -> object:
        return getattr(situation.signals, self._config.role)

    async def become(self, situation: Situation) -> None:
        if self._line is None:
            self._line = GpioLine.output(self._config.chip, self._config.line, self._config.active)
        self._line.write(active=bool(self.wants(situation)))

    async def close(self) -> None:
        if self._line is not None:
            self._line.write(active=False)
            self._line.close()
            self._line = None


class CommandOutput:
    """A relay behind two commands."""

    def __init__(self, config: CommandOutputConfig) -> None:
        self._config = config

    def wants(self, situation: Situation) -> object:
        return getattr(situation.signals, self._config.role)

    async def become(self, situation: Situation) -> None:
        await run_program(self._config.on if self.wants(situation) else self._config.off, {})

    async def close(self) -> None:
        await run_program(self._config.off, {})


class MqttOutput:
    """The whole situation as retained JSON on a topic, for panels and controllers beside the goods."""

    def __init__(self, config: MqttOutputConfig) -> None:
        self._config = config

    def wants(self, situation: Situation) -> object:
        return situation

    async def become(self, situation: Situation) -> None:
        await asyncio.to_thread(_publish, self._config, payload(situation))

    async def close(self) -> None:
        """The broker keeps the last word; that the gateway is gone is its own silence."""


def payload(situation: Situation) -> bytes:
    """What stands on the topic."""
    return json.dumps(
        {
            "state": "alarm" if situation.alarms else "ok",
            "buzzer": situation.signals.buzzer,
            "lamp": situation.signals.lamp,
            "hushed": situation.hushed,
            "alarms": [
                {"point": point, "rule": rule, "text_en": text_en, "text_zh": text_zh}
                for point, rule, text_en, text_zh in situation.alarms
            ],
        },
        ensure_ascii=False,
    ).encode()


def output_of(config: OutputConfig) -> Output:
    """The output of a configuration; nothing is opened yet."""
    if isinstance(config, GpioOutputConfig):
        return GpioOutput(config)
    if isinstance(config, CommandOutputConfig):
        return CommandOutput(config)
    return MqttOutput(config)


async def keep(output: Output, name: str, situation: Callable[[], Situation], clock: Clock) -> None:
    """Hold an output at what it should be, until cancelled."""
    done: object = None
    failing = False
    try:
        while True:
            now = situation()
            pause_s = TICK_S
            if output.wants(now) != done:
                try:
                    await output.become(now)
                    done, failing = output.wants(now), False
                except Unavailable as error:
                    if not failing:
                        log.error("local_alarm.output_failed", output=name, reason=str(error))
                    failing, pause_s = True, RETRY_S
            await clock.sleep(pause_s)
    finally:
        try:
            await output.close()
        except Unavailable as error:
            log.error("local_alarm.output_failed", output=name, reason=str(error))


def _publish(config: MqttOutputConfig, said: bytes) -> None:
    """One connection, one message, at QoS 1. Raises Unavailable."""
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    if config.username is not None:
        password = None if config.password is None else resolve(config.password, Path()).reveal()
        client.username_pw_set(config.username, password)
    if config.tls:
        client.tls_set()
    client.connect_timeout = MQTT_WITHIN_S
    try:
        client.connect(config.host, config.port, keepalive=30)
        client.loop_start()
        try:
            client.publish(config.topic, said, qos=1, retain=True).wait_for_publish(MQTT_WITHIN_S)
        finally:
            client.disconnect()
            client.loop_stop()
    except (OSError, RuntimeError, ValueError, InvalidInput) as error:
        raise Unavailable(f"{config.host}:{config.port}: {error}") from error

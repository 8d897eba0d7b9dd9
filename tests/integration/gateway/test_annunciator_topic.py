"""The situation on a real broker's topic: retained, renewed when it changes, tried again when it failed."""

import asyncio
import json
import threading
from contextlib import suppress
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from coldchain.errors import Unavailable
from coldchain_gateway.local_alarm.config import MqttOutputConfig
from coldchain_gateway.local_alarm.outputs import MqttOutput, Situation, keep
from coldchain_gateway.local_alarm.standing import Signals
from coldchain_runtime.clock import SystemClock
from support.wires import MqttWire, until

TOPIC = "coldchain/truck-7/alarm"
LOUD = Situation(signals=Signals(buzzer=True, lamp=True), alarms=(("box", "high", "too warm", "过热"),))


class Panel:
    """A subscriber that comes late and keeps what it is told."""

    def __init__(self, port: int) -> None:
        self.said: list[tuple[bool, str]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(TOPIC, qos=1)
        self._thread = threading.Thread(target=self._client.loop_forever, daemon=True)
        self._thread.start()

    def _take(self, client: mqtt.Client, data: object, message: mqtt.MQTTMessage) -> None:
        self.said.append((message.retain, str(json.loads(message.payload)["state"])))

    def close(self) -> None:
        self._client.disconnect()
        self._thread.join(5)


async def test_a_panel_that_comes_late_learns_what_stands(tmp_path: Path) -> None:
    broker = MqttWire(tmp_path)
    config = MqttOutputConfig(kind="mqtt", host="127.0.0.1", port=broker.port, topic=TOPIC)
    with pytest.raises(Unavailable, match="127"):
        await MqttOutput(config).become(LOUD)
    broker.plug()
    await until(lambda: broker_answers(broker))
    situations = [LOUD]
    task = asyncio.create_task(keep(MqttOutput(config), "topic", lambda: situations[-1], SystemClock()))
    panel: Panel | None = None
    try:
        await asyncio.sleep(0.5)
        panel = Panel(broker.port)
        await until(lambda: panel is not None and (True, "alarm") in panel.said)
        situations.append(Situation())
        await until(lambda: panel is not None and (False, "ok") in panel.said)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        if panel is not None:
            panel.close()
        broker.close()


def broker_answers(broker: MqttWire) -> bool:
    with suppress(AssertionError):
        broker.publish("ready", b"")
        return True
    return False

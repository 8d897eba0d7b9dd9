"""Publishes a reading of the sensor `live` now and then: python -m bench.parts.live PORT."""

from __future__ import annotations

import json
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

EVERY_S = 0.3


def main(port: int) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="live")
    client.connect("127.0.0.1", port)
    client.loop_start()
    while True:
        client.publish("zigbee2mqtt/live", json.dumps({"temperature": 4.0}), qos=1)
        time.sleep(EVERY_S)


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""Sensors that speak in turn: python -m bench.parts.sensors PORT COUNT EVERY_S."""

from __future__ import annotations

import json
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


def main(port: int, count: int, every_s: float) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="sensors")
    client.connect("127.0.0.1", port)
    client.loop_start()
    number = 0
    while True:
        payload = {
            "temperature": round(4 + number % 37 / 20, 2),
            "humidity": round(60 + number % 23 / 10, 1),
            "battery": 97,
            "linkquality": 80 + number % 40,
        }
        client.publish(f"zigbee2mqtt/cold-room-{number % count}", json.dumps(payload), qos=1)
        number += 1
        time.sleep(every_s / count)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))

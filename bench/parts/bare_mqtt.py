"""Baselines of the gateway: paho that only counts and acknowledges, and one that commits to SQLite first.

python -m bench.parts.bare_mqtt PORT EXPECTED [DATABASE]: prints CLOCK_MONOTONIC seconds when all are there.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections import deque

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


def client(port: int, name: str) -> mqtt.Client:
    made = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=True, manual_ack=True)
    made.on_connect = lambda c, *_: c.subscribe("zigbee2mqtt/#", qos=1)
    made.connect("127.0.0.1", port)
    return made


def count_only(port: int, expected: int) -> None:
    seen = 0
    bare = client(port, "bare")

    def on_message(_: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        nonlocal seen
        bare.ack(message.mid, 1)
        seen += 1
        if seen == expected:
            print(time.monotonic(), flush=True)

    bare.on_message = on_message
    bare.loop_forever()


def commit_first(port: int, expected: int, path: str) -> None:
    queue: deque[tuple[int, bytes]] = deque()
    wake = threading.Event()
    bare = client(port, "bare-sqlite")

    def on_message(_: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        queue.append((message.mid, bytes(message.payload)))
        wake.set()

    bare.on_message = on_message
    bare.loop_start()
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE chunk(id INTEGER PRIMARY KEY, body BLOB)"
    )
    kept = 0
    while kept < expected:
        wake.wait()
        wake.clear()
        items = [queue.popleft() for _ in range(len(queue))]
        if items:
            database.execute("INSERT INTO chunk (body) VALUES (?)", (b"\n".join(body for _, body in items),))
            for mid, _ in items:
                bare.ack(mid, 1)
            kept += len(items)
    print(time.monotonic(), flush=True)
    threading.Event().wait()  # its memory is read now


if __name__ == "__main__":
    if len(sys.argv) > 3:
        commit_first(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    else:
        count_only(int(sys.argv[1]), int(sys.argv[2]))

"""Others under the same flood: Telegraf, and scripts that do the least."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.flooding import Measured, broker, flooded, ready_to_flood, settled, started
from demo.ports import free_port

TELEGRAF = """\
[agent]
interval = "1s"
flush_interval = "1s"
metric_batch_size = {batch}
metric_buffer_limit = 500000
omit_hostname = true
buffer_strategy = "{buffer}"
buffer_directory = "{folder}/buffer"
[[inputs.mqtt_consumer]]
servers = ["tcp://127.0.0.1:{broker}"]
topics = ["zigbee2mqtt/#"]
qos = 1
client_id = "telegraf"
persistent_session = true
max_undelivered_messages = 10000
data_format = "json"
[[outputs.influxdb_v2]]
urls = ["http://127.0.0.1:{sink}"]
token = "none"
organization = "bench"
bucket = "bench"
"""


BATCH = 1_000  # Telegraf's own default


def telegraf() -> Path | None:
    """TELEGRAF=path, else the one that `make strangers` built into the user's cache."""
    named = os.environ.get("TELEGRAF")
    built = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "coldchain" / "bin" / "telegraf"
    found = Path(named) if named else built
    return found if found.exists() else None


def run_telegraf(program: Path, buffer: str, *, count: int, window: int = 0, exact: bool = False) -> Measured:
    """Telegraf on the same flood, with a session that the broker keeps; it acknowledges what it wrote.

    Where no more than the window is ever on its way it writes as often as that has come; else it would wait
    for its interval every time.
    """
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        serving, flood = ready_to_flood(folder, window=window, count=count, exact=exact)
        port = stack.enter_context(serving)
        sink_port = free_port()
        sink = stack.enter_context(
            started([sys.executable, "-m", "bench.parts.sink", str(sink_port), str(count)])
        )
        config = folder / "telegraf.conf"
        batch = window if exact else BATCH
        text = TELEGRAF.format(sink=sink_port, broker=port, buffer=buffer, folder=folder, batch=batch)
        config.write_text(text)
        peer = stack.enter_context(started([str(program), "--quiet", "--config", str(config)]))
        settled(peer, 3.0)
        return flooded(port, peer, sink, count, flood)


def run_bare(*, with_sqlite: bool, count: int, window: int = 0) -> Measured:
    """A script that does nothing but receive, perhaps commit, and acknowledge."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port = stack.enter_context(broker(Path(folder), window=window))
        more = [str(Path(folder) / "bare.sqlite")] if with_sqlite else []
        arguments = [sys.executable, "-m", "bench.parts.bare_mqtt", str(port), str(count), *more]
        bare = stack.enter_context(started(arguments))
        time.sleep(1.0)
        return flooded(port, bare, bare, count)

"""The MQTT broker of the stage: mosquitto where it is installed, else rumqttd from the package `iotcore`.

mosquitto's own defaults are kept but for what a demonstration needs: it keeps messages over its restart
and drops none from the queue of a gateway that is away.
"""

import importlib.util
import os
import pwd
import shutil
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from demo.ports import LOCAL

MOSQUITTO_CONF = """\
user {user}
listener {port} {address}
allow_anonymous true
persistence true
persistence_location {directory}/
autosave_interval 1
max_queued_messages 0
log_dest stdout
log_type error
log_type warning
log_type notice
"""

# rumqttd writes a line for every packet as an error; nothing of it is one.
IOTCORE = """\
import logging
from iotcore import Broker
logging.basicConfig(level=logging.WARNING)
logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
Broker(port={port}, listen="{address}").run_forever()
"""


class NoBroker(Exception):
    """Neither broker is installed; the message says how to get one."""


class Kind(StrEnum):
    """Brokers that the stage can start."""

    MOSQUITTO = "mosquitto"
    IOTCORE = "iotcore"


def choose(wanted: Kind | None = None) -> Kind:
    """The broker to use: the wanted one, or the first that is installed."""
    for kind in [wanted] if wanted else list(Kind):
        if _installed(kind):
            return kind
    raise NoBroker("no MQTT broker: install mosquitto (apt install mosquitto) or `pip install iotcore`")


def command(kind: Kind, *, port: int, directory: Path) -> Sequence[str]:
    """How to start it; writes its configuration into the folder."""
    directory.mkdir(parents=True, exist_ok=True)
    if kind is Kind.MOSQUITTO:
        conf = directory / "mosquitto.conf"
        filled = MOSQUITTO_CONF.format(port=port, address=LOCAL, directory=directory, user=_me())
        conf.write_text(filled, "utf-8")
        return [_mosquitto() or "mosquitto", "-c", str(conf)]
    return [sys.executable, "-c", IOTCORE.format(port=port, address=LOCAL)]


def _installed(kind: Kind) -> bool:
    if kind is Kind.MOSQUITTO:
        return _mosquitto() is not None
    return importlib.util.find_spec("iotcore") is not None


def _mosquitto() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def _me() -> str:
    """Started by root, mosquitto becomes another user unless told to stay, and could not write its folder."""
    return pwd.getpwuid(os.getuid()).pw_name

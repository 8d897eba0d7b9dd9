"""An entity that Home Assistant's statestream publishes: JSON values, retained, its time apart."""

import json
from datetime import UTC, datetime

from .said import Measured, Publication, Spoken


def speak(measured: Measured) -> Spoken:
    """`homeassistant/sensor/NAME/state` and `…/last_updated`."""
    celsius = round(measured.temperature_c, 1)
    moment = datetime.fromtimestamp(measured.time_ms / 1000, UTC).isoformat()
    said = (
        Publication(
            topic=f"homeassistant/sensor/{measured.name}/state", payload=str(celsius).encode(), retain=True
        ),
        Publication(
            topic=f"homeassistant/sensor/{measured.name}/last_updated",
            payload=json.dumps(moment).encode(),
            retain=True,
        ),
    )
    return Spoken(sensor=measured.name, temperature_c=celsius, publications=said)

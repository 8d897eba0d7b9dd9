"""Alerts about the product itself, from the service's own marks in the log."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, Cause, Desk, End, EndKind, Subject
from coldchain_backend.judging.present import Present
from coldchain_backend.ledger import Json, MarkName

_LEVELS: Final = {
    "repaired": Level.WARNING,
    "clock_back": Level.WARNING,
    "clone": Level.ALARM,
    "two_gateways": Level.ALARM,
    "foreign_key": Level.ALARM,
    "disk_full": Level.ALARM,
    "disk_filling": Level.WARNING,
    "disk_nearly_full": Level.ALARM,
    "delivery_failing": Level.ALARM,
    "backup_failing": Level.ALARM,
    "heartbeat_failing": Level.ALARM,
    "beat_missed": Level.ALARM,
    "mirror_failing": Level.WARNING,
    "follow_failing": Level.ALARM,
    "untold": Level.ALARM,
}
_ENDS: Final = {
    "disk_recovered": "disk_full",
    "disk_eased": "disk_filling",
    "disk_room": "disk_nearly_full",
    "delivery_recovered": "delivery_failing",
    "backup": "backup_failing",
    "heartbeat_recovered": "heartbeat_failing",
    "beat_back": "beat_missed",
    "mirror_recovered": "mirror_failing",
    "follow_recovered": "follow_failing",
    "all_told": "untold",
}
TEXTS: Final = {
    "repaired": "the ledger's torn tail was cut off after an abrupt stop",
    "clock_back": "the clock of this host stepped back",
    "clone": "two different batches under one number: a gateway's key is used twice",
    "two_gateways": "two gateways write under one name",
    "foreign_key": "a batch is sealed by a key that is not admitted",
    "disk_full": "the disk is full; nothing more is acknowledged",
    "disk_filling": "the disk of the data folder is filling up",
    "disk_nearly_full": "the disk of the data folder is nearly full; soon nothing more can be kept",
    "delivery_failing": "alerts cannot be delivered",
    "backup_failing": "no backup could be made or read back",
    "heartbeat_failing": "the service that watches this server from outside does not hear it",
    "beat_missed": "a job or service outside did not call in time",
    "mirror_failing": "InfluxDB is not what it should be; evidence and alerts are not touched by it",
    "follow_failing": "a followed InfluxDB cannot be read, or not all of it; its sensors may be silent",
    "untold": "alerts go on of which nobody was told, without a reason",
}


def look_at_mark(fields: Mapping[str, Json], desk: Desk, present: Present) -> None:
    """Fire or end the system alert that a mark speaks of; other marks are passed over.

    Conditions that last are one alert until they end; events are one alert per gateway until acknowledged.
    """
    mark = str(fields.get("mark"))
    if mark == MarkName.UNDELIVERED.value:
        _stand_in(fields, desk, present)
        return
    ended = _ENDS.get(mark)
    name = ended or mark
    if name not in _LEVELS:
        return
    gateway = fields.get("gateway")
    named = (str(fields[key]) for key in ("receiver", "beat", "store", "trouble") if fields.get(key))
    about = str(gateway or " ".join(named))
    episode = _episode(name, about, desk)
    if ended is not None:
        _end(f"{name}\n{about}\n{episode}", desk, present)
        return
    details = ", ".join(f"{key} {value}" for key, value in fields.items() if key != "mark")
    cause = Cause(
        id=f"{name}\n{about}\n{episode}",
        kind=AlertKind.SYSTEM,
        subject=Subject(gateway=str(gateway) if gateway is not None else None),
        opened_ms=present.now_ms,
        reached_ms=present.now_ms,
        known_ms=present.now_ms,
        level=_LEVELS[name],
        detail=TEXTS[name] + (f" ({details})" if details else ""),
    )
    known = desk.alert_of(cause.id)
    if known is None:
        desk.look(cause, present.now_ms, present.fleet)


def _stand_in(fields: Mapping[str, Json], desk: Desk, present: Present) -> None:
    """The courier could not bring critical alerts to a receiver for too long."""
    alerts = fields.get("alerts")
    for alert in alerts if isinstance(alerts, list) else []:
        desk.stand_in(str(alert), str(fields.get("receiver", "")), present.now_ms, present.fleet)


def _episode(name: str, about: str, desk: Desk) -> int:
    """The number of the episode: one more after each that ended."""
    episode = 1
    while (known := desk.alert_of(f"{name}\n{about}\n{episode}")) is not None and not known.state.open:
        episode += 1
    return episode


def _end(cause: str, desk: Desk, present: Present) -> None:
    known = desk.alert_of(cause)
    if known is not None:
        end = End(kind=EndKind.RESOLVED, event_ms=present.now_ms)
        desk.look(replace(known.cause, end=end), present.now_ms, present.fleet)

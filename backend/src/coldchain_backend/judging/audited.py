"""What an act or a fleet version of the ledger says in the audit: who, what, of what, why, old, new."""

from collections.abc import Mapping
from typing import Final

from coldchain_backend.alerts import Alert
from coldchain_backend.fleet import Fleet
from coldchain_backend.judging.contracts import ActEntry, Memory
from coldchain_backend.ledger import ActName, Json, Kind, Record, read_json

SUBJECTS: Final = ("alert", "zone", "asset", "point", "gateway", "run", "window", "backup", "name")
"""What an act is about stands under the first of these keys that it has."""
_SAID_ELSEWHERE: Final = frozenset({"act", "by", "reason", "gone", *SUBJECTS[:2]})
MAX_TEXT: Final = 500
FLEET: Final = "fleet"


def note(record: Record, memory: Memory, fleet: Fleet) -> None:
    """Keep what the audit says of an act or a fleet version, before anything follows it."""
    if record.kind not in (Kind.FLEET, Kind.ACT):
        return
    fields = read_json(record.payload)
    if record.kind is Kind.FLEET:
        memory.put_act(fleet_entry(record.offset, record.received_ms, fields))
        return
    alert = memory.alert(str(fields["alert"])) if "alert" in fields else None
    memory.put_act(act_entry(record.offset, record.received_ms, fields, fleet, alert))


def fleet_entry(offset: int, at_ms: int, fields: Mapping[str, Json]) -> ActEntry:
    """A fleet version; a version's number is its record's."""
    base = fields.get("base")
    return ActEntry(
        offset=offset,
        at_ms=at_ms,
        by=str(fields.get("by", "")),
        what=FLEET,
        subject=f"version {offset}",
        why=str(fields.get("reason") or ""),
        old=f"version {base}" if base else None,
        new=f"version {offset}",
    )


def act_entry(
    offset: int, at_ms: int, fields: Mapping[str, Json], fleet: Fleet, alert: Alert | None
) -> ActEntry:
    """An act; `fleet` and `alert` are as they were before it."""
    key = next((one for one in SUBJECTS if fields.get(one)), "")
    others = {name: value for name, value in fields.items() if name not in _SAID_ELSEWHERE and name != key}
    said = ", ".join(f"{name}: {value}" for name, value in others.items() if value not in (None, "", []))
    return ActEntry(
        offset=offset,
        at_ms=at_ms,
        by=str(fields.get("by", "")),
        what=str(fields.get("act", "")),
        subject=f"{key} {fields[key]}" if key else "",
        why=str(fields.get("reason") or ""),
        old=_old(fields, fleet, at_ms, alert),
        new=said[:MAX_TEXT] or None,
    )


def _old(fields: Mapping[str, Json], fleet: Fleet, at_ms: int, alert: Alert | None) -> str | None:
    """How it was before."""
    if alert is not None:
        return alert.state.value
    if fields.get("act") == ActName.ZONE_STATE.value:
        from_ms = fields.get("from")
        state = fleet.state_of(str(fields.get("zone", "")), from_ms if isinstance(from_ms, int) else at_ms)
        return None if state is None else f"state: {state.value}"
    return None

"""Rows ↔ the values that the desk keeps."""

from dataclasses import dataclass

import orjson
from cattrs import Converter
from sqlalchemy import RowMapping

from coldchain.profiles import Level
from coldchain_backend.alerts import (
    Acknowledgement,
    Alert,
    AlertState,
    Cause,
    Chain,
    Context,
    Delivery,
    Disposition,
    Entry,
    Mute,
    Muted,
    Transition,
    TransitionKind,
)
from coldchain_backend.sql.rows import Row

_converter = Converter(omit_if_default=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What is done about an alert, as one document."""

    by_digest: tuple[str, ...] = ()
    by_group: tuple[str, ...] = ()
    called_ms: int | None = None
    rearms: int = 0
    action: str | None = None
    muted: Muted | None = None
    disposition: Disposition | None = None
    context: Context | None = None
    chain: Chain | None = None


def alert_row(alert: Alert) -> Row:
    """An alert as a row."""
    acknowledged, subject = alert.acknowledged, alert.cause.subject
    handling = Handling(
        by_digest=alert.by_digest,
        by_group=alert.by_group,
        called_ms=alert.called_ms,
        rearms=alert.rearms,
        action=None if acknowledged is None else acknowledged.action,
        muted=alert.muted,
        disposition=alert.disposition,
        context=alert.context,
        chain=alert.chain,
    )
    return {
        "id": alert.id,
        "kind": alert.cause.kind.value,
        "state": alert.state.value,
        "standing": alert.standing.value,
        "level": alert.level.value,
        "asset": subject.asset,
        "zone": subject.zone,
        "point": subject.point,
        "source": alert.source,
        "sequence": alert.sequence,
        "revision": alert.revision,
        "paged": alert.paged,
        "told": orjson.dumps(alert.told),
        "fired_ms": alert.fired_ms,
        "paged_ms": alert.paged_ms,
        "counted_ms": alert.counted_ms,
        "cause_id": alert.cause.id,
        "cause": orjson.dumps(_converter.unstructure(alert.cause)),
        "acknowledged_by": None if acknowledged is None else acknowledged.by,
        "acknowledged_ms": None if acknowledged is None else acknowledged.at_ms,
        "acknowledged_reason": None if acknowledged is None else acknowledged.reason,
        "handling": orjson.dumps(_converter.unstructure(handling)),
    }


def alert_of(cells: RowMapping) -> Alert:
    """An alert from its row."""
    handling = _converter.structure(orjson.loads(cells["handling"] or b"{}"), Handling)
    return Alert(
        id=cells["id"],
        cause=_converter.structure(orjson.loads(cells["cause"]), Cause),
        state=AlertState(cells["state"]),
        level=Level(cells["level"]),
        sequence=cells["sequence"],
        revision=cells["revision"],
        paged=cells["paged"],
        told=tuple(orjson.loads(cells["told"])),
        by_digest=handling.by_digest,
        by_group=handling.by_group,
        fired_ms=cells["fired_ms"],
        paged_ms=cells["paged_ms"],
        counted_ms=cells["counted_ms"],
        called_ms=handling.called_ms,
        rearms=handling.rearms,
        acknowledged=_acknowledgement(cells, handling),
        muted=handling.muted,
        disposition=handling.disposition,
        context=handling.context,
        chain=handling.chain,
    )


def _acknowledgement(row: RowMapping, handling: Handling) -> Acknowledgement | None:
    if row["acknowledged_by"] is None:
        return None
    return Acknowledgement(
        by=row["acknowledged_by"],
        at_ms=row["acknowledged_ms"],
        reason=row["acknowledged_reason"],
        action=handling.action,
    )


def transition_row(step: Transition) -> Row:
    """A step as a row."""
    return {
        "alert": step.alert,
        "sequence": step.sequence,
        "kind": step.kind.value,
        "at_ms": step.at_ms,
        "event_ms": step.event_ms,
        "level": step.level.value,
        "pages": step.pages,
        "value": step.value,
        "by": step.by,
        "reason": step.reason,
        "note": step.note,
    }


def transition_of(row: RowMapping) -> Transition:
    """A step from its row."""
    return Transition(**{**row, "kind": TransitionKind(row["kind"]), "level": Level(row["level"])})


def delivery_row(delivery: Delivery) -> Row:
    """A telling as a row of the queue."""
    return {
        "id": delivery.id,
        "alert": delivery.alert,
        "sequence": delivery.sequence,
        "receiver": delivery.receiver,
        "state": "queued",
        "created_ms": delivery.at_ms,
        "due_ms": delivery.due_ms,
        "leased_until_ms": 0,
        "leased_by": None,
        "attempts": 0,
        "body": delivery.body,
        "last_error": None,
        "delivered_ms": None,
        "critical": delivery.critical,
        "reached": None,
        "overdue": False,
    }


def mute_row(mute: Mute) -> Row:
    """What is muted as a row."""
    return {
        "id": mute.id,
        "kind": mute.kind.value,
        "to_ms": mute.to_ms,
        "document": orjson.dumps(_converter.unstructure(mute)),
    }


def mute_of(row: RowMapping) -> Mute:
    """What is muted from its row."""
    return _converter.structure(orjson.loads(row["document"]), Mute)


def entry_row(entry: Entry) -> Row:
    """A digest's entry as a row."""
    return {
        "receiver": entry.receiver,
        "alert": entry.alert,
        "sequence": entry.sequence,
        "type": entry.type,
        "at_ms": entry.at_ms,
        "critical": entry.critical,
        "digest": entry.digest,
        "line": entry.line,
    }


def entry_of(row: RowMapping) -> Entry:
    """A digest's entry from its row."""
    return Entry(**row)

"""The pages of judging's memory that the desk keeps: alerts, what is muted or due, what digests tell."""

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import Connection, Table, bindparam, delete, select

from coldchain_backend.alerts import (
    Alert,
    AlertState,
    Delivery,
    DueName,
    Entry,
    Mute,
    Remembered,
    Transition,
)
from coldchain_backend.sql import alert_rows, schema
from coldchain_backend.sql.account_books import AccountBooks

OPEN = tuple(one.value for one in AlertState if one.open)
_ALERT = select(schema.alert).where(schema.alert.c.id == bindparam("wanted"))
_ACTIVE = select(schema.alert).where(schema.alert.c.state.in_(OPEN)).order_by(schema.alert.c.id)
_WAITS = select(schema.digest_entry.c.sequence).where(
    schema.digest_entry.c.receiver == bindparam("wanted"),
    schema.digest_entry.c.alert == bindparam("alert"),
    schema.digest_entry.c.digest.is_(None),
    schema.digest_entry.c.line == "",
)
_WAITING = (
    select(schema.digest_entry)
    .where(
        schema.digest_entry.c.receiver == bindparam("wanted"),
        schema.digest_entry.c.digest.is_(None),
        schema.digest_entry.c.line == bindparam("line"),
    )
    .order_by(schema.digest_entry.c.at_ms, schema.digest_entry.c.alert, schema.digest_entry.c.sequence)
)


_STEP = select(schema.alert_transition).where(
    schema.alert_transition.c.alert == bindparam("wanted"),
    schema.alert_transition.c.sequence == bindparam("number"),
)


class AlertBooks(AccountBooks):
    """Part of judging's memory. Alerts that were put are read back without asking the database."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._alerts: dict[str, Alert] = {}
        self._memos: dict[str, Callable[[], bytes]] = {}

    def alert(self, alert_id: str) -> Alert | None:
        known = self._alerts.get(alert_id)
        if known is not None:
            return known
        found = self._connection.execute(_ALERT, {"wanted": alert_id}).mappings().first()
        return None if found is None else alert_rows.alert_of(found)

    def put_alert(self, alert: Alert) -> None:
        self._alerts[alert.id] = alert

    def put_transition(self, step: Transition) -> None:
        self._pages.put(schema.alert_transition, alert_rows.transition_row(step))

    def put_delivery(self, delivery: Delivery) -> None:
        if not self._pages.waits(schema.delivery, (delivery.id,)):
            self._pages.put(schema.delivery, alert_rows.delivery_row(delivery))

    def active(self) -> Iterator[Alert]:
        self.flush_alerts()
        for row in self._connection.execute(_ACTIVE).mappings():
            yield alert_rows.alert_of(row)

    def put_mute(self, mute: Mute) -> None:
        self._pages.put(schema.alert_mute, alert_rows.mute_row(mute))

    def drop_mute(self, mute_id: str) -> None:
        self._drop(schema.alert_mute, "id", mute_id)

    def put_memo(self, name: str, value: Callable[[], bytes] | None) -> None:
        if value is None:
            self._memos.pop(name, None)
            self._drop(schema.alert_memo, "name", name)
        else:
            self._memos[name] = value

    def put_entry(self, entry: Entry) -> None:
        self._pages.put(schema.digest_entry, alert_rows.entry_row(entry))

    def entries(self, receiver: str, line: str = "") -> Sequence[Entry]:
        self._pages.flush("digest_entry")
        found = self._connection.execute(_WAITING, {"wanted": receiver, "line": line}).mappings()
        return [alert_rows.entry_of(row) for row in found]

    def waits(self, receiver: str, alert_id: str) -> bool:
        self._pages.flush("digest_entry")
        wanted = {"wanted": receiver, "alert": alert_id}
        return self._connection.execute(_WAITS, wanted).first() is not None

    def step(self, alert_id: str, sequence: int) -> Transition | None:
        self._pages.flush("alert_transition")
        wanted = {"wanted": alert_id, "number": sequence}
        found = self._connection.execute(_STEP, wanted).mappings().first()
        return None if found is None else alert_rows.transition_of(found)

    def put_alert_due(self, subject: str, kind: DueName, due_ms: int | None) -> None:
        """Keep a due time of an alert; None: it is not due any more."""
        self._pages.put(schema.alert_due, {"subject": subject, "kind": kind.value, "due_ms": due_ms})

    def flush_alerts(self) -> None:
        """Write the alerts that wait."""
        for alert in self._alerts.values():
            self._pages.put(schema.alert, alert_rows.alert_row(alert))
        self._alerts.clear()
        self._pages.flush("alert")

    def flush_desk(self) -> None:
        """Write everything of the desk before a commit; what is no longer due is forgotten."""
        self.flush_alerts()
        for name, value in self._memos.items():
            self._pages.put(schema.alert_memo, {"name": name, "value": value()})
        self._memos.clear()
        if self._pages.any("alert_due"):
            table = schema.alert_due
            self._pages.flush("alert_due")
            self._connection.execute(delete(table).where(table.c.due_ms.is_(None)))

    def forget_alerts(self) -> None:
        """Forget the alerts and memos that wait."""
        self._alerts.clear()
        self._memos.clear()

    def _drop(self, table: Table, key: str, value: str) -> None:
        self._pages.flush(table.name)
        self._connection.execute(delete(table).where(table.c[key] == value))


def alert_dues(connection: Connection) -> list[tuple[str, DueName, int]]:
    """What is due of alerts."""
    table = schema.alert_due
    wanted = select(table.c.subject, table.c.kind, table.c.due_ms).order_by(*table.primary_key)
    return [(subject, DueName(kind), due_ms) for subject, kind, due_ms in connection.execute(wanted)]


def desk_memory(connection: Connection) -> Remembered:
    """What the desk needs to go on."""
    alert, mute, memo, case_ = schema.alert, schema.alert_mute, schema.alert_memo, schema.excursion
    goes_on = select(case_.c.id).where(case_.c.closed_ms.is_(None), case_.c.gone.is_(None))
    paged = select(alert.c.cause_id).where(alert.c.cause_id.in_(goes_on), alert.c.paged.is_(True))
    mutes = connection.execute(select(mute).order_by(mute.c.id)).mappings()
    return Remembered(
        mutes=[alert_rows.mute_of(row) for row in mutes],
        memos={row.name: row.value for row in connection.execute(select(memo))},
        paged=frozenset(connection.execute(paged).scalars()),
    )

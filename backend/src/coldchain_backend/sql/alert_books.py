"""The pages of judging's memory that alerts write: alerts, steps, and the deliveries that tell of them."""

from sqlalchemy import Connection, bindparam, select

from coldchain_backend.alerts import Alert, Delivery, Transition
from coldchain_backend.sql import rows, schema
from coldchain_backend.sql.pages import Pages

_ALERT = select(schema.alert).where(schema.alert.c.id == bindparam("wanted"))


class AlertBooks:
    """Part of judging's memory."""

    _connection: Connection
    _pages: Pages

    def alert(self, alert_id: str) -> Alert | None:
        self._pages.flush("alert")
        found = self._connection.execute(_ALERT, {"wanted": alert_id}).mappings().first()
        return None if found is None else rows.alert_of(found)

    def put_alert(self, alert: Alert) -> None:
        self._pages.put(schema.alert, rows.alert_row(alert))

    def put_transition(self, step: Transition) -> None:
        self._pages.put(schema.alert_transition, rows.transition_row(step))

    def put_delivery(self, delivery: Delivery) -> None:
        row = rows.delivery_row(delivery)
        if not self._pages.waits(schema.delivery, (delivery.id,)):
            self._pages.put(schema.delivery, row)

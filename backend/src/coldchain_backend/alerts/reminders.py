"""When people are called again about an alert that goes on. Pure."""

from coldchain_backend.alerts.contracts import DueName
from coldchain_backend.alerts.states import Alert, AlertState
from coldchain_backend.fleet import Alerting


def reminders(alert: Alert, alerting: Alerting) -> dict[DueName, int | None]:
    """The due times of an alert as it stands; None: nothing is due. What is muted calls nobody again."""
    ack_ms = rearm_ms = None
    if alert.paged and alert.muted is None and alert.cause.kind.about_goods:
        taken = alert.acknowledged
        if alert.state is AlertState.ACKNOWLEDGED and taken is not None and alerting.ack_timeout_ms:
            ack_ms = taken.at_ms + alerting.ack_timeout_ms
        called_ms = alert.called_ms
        if alert.state is AlertState.FIRING and called_ms is not None and alerting.rearm_ms:
            again = alert.rearms < alerting.rearm_times
            rearm_ms = called_ms + alerting.rearm_ms if again else None
    return {DueName.ACK_TIMEOUT: ack_ms, DueName.REARM: rearm_ms}

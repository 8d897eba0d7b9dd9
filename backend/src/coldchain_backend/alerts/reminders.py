"""When people are called again about an alert that goes on. Pure."""

from coldchain_backend.alerts.calls import calls, escalation_due
from coldchain_backend.alerts.contracts import DueName
from coldchain_backend.alerts.routing import Routed
from coldchain_backend.alerts.states import Alert, AlertState
from coldchain_backend.fleet import Alerting


def reminders(alert: Alert, alerting: Alerting, way: Routed) -> dict[DueName, int | None]:
    """The due times of an alert as it stands; None: nothing is due. What is muted calls nobody again.

    `way`: who is told of it now; an escalation may say by itself how long an acknowledgement holds.
    """
    ack_ms = rearm_ms = None
    holds_ms = alerting.ack_timeout_ms if way.acknowledged_for_ms is None else way.acknowledged_for_ms
    if alert.paged and alert.muted is None and alert.cause.kind.about_goods:
        taken = alert.acknowledged
        if alert.state is AlertState.ACKNOWLEDGED and taken is not None and holds_ms:
            ack_ms = max(taken.at_ms, alert.called_ms or 0) + holds_ms
        called_ms = alert.called_ms
        if alert.state is AlertState.FIRING and called_ms is not None and alerting.rearm_ms:
            again = alert.rearms < alerting.rearm_times
            rearm_ms = called_ms + alerting.rearm_ms if again else None
    return {
        DueName.ACK_TIMEOUT: ack_ms,
        DueName.REARM: rearm_ms,
        DueName.ESCALATE: escalation_due(alert, way),
        DueName.SHIFT: way.boundary_ms if calls(alert) else None,
    }

"""Alerts: what people are told about, with a life cycle; what is told to whom is decided here only."""

from coldchain_backend.alerts.cause import AlertKind, Cause, End, EndKind, Subject
from coldchain_backend.alerts.desk import AlertBook, Delivery, Desk
from coldchain_backend.alerts.documents import alert_document, alert_from
from coldchain_backend.alerts.lifecycle import Alert, AlertState, Transition, TransitionKind, alert_id_of
from coldchain_backend.alerts.notices import Notice, notice_of

__all__ = [
    "Alert",
    "AlertBook",
    "AlertKind",
    "AlertState",
    "Cause",
    "Delivery",
    "Desk",
    "End",
    "EndKind",
    "Notice",
    "Subject",
    "Transition",
    "TransitionKind",
    "alert_document",
    "alert_from",
    "alert_id_of",
    "notice_of",
]

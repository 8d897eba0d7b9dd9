"""Alerts: what people are told about, with a life cycle; what is told to whom is decided here only."""

from coldchain_backend.alerts.acts import Act, follow_act, mute_of, schedule_of
from coldchain_backend.alerts.auditor import Finding, Queued, Stated, audit, counts
from coldchain_backend.alerts.cause import AlertKind, Cause, End, EndKind, Share, Subject
from coldchain_backend.alerts.context import Context, Position, Sibling
from coldchain_backend.alerts.contracts import (
    AlertBook,
    Delivery,
    DeskBook,
    DueName,
    Entry,
    Remembered,
    Timers,
    Witness,
)
from coldchain_backend.alerts.desk import Desk
from coldchain_backend.alerts.documents import alert_document, alert_from, context_document
from coldchain_backend.alerts.escalation import Chain
from coldchain_backend.alerts.kpis import Kpis, Life, Load, Priority, kpis
from coldchain_backend.alerts.lifecycle import alert_id_of
from coldchain_backend.alerts.lives import Head, Stage, life_of, rules_of
from coldchain_backend.alerts.notices import Notice, Told, notice_of
from coldchain_backend.alerts.said import names_for, said_of
from coldchain_backend.alerts.states import (
    Acknowledgement,
    Alert,
    AlertState,
    Decision,
    Disposition,
    Muted,
    MuteKind,
    Transition,
    TransitionKind,
)
from coldchain_backend.alerts.suppression import Mute, Scope, mute_id_of
from coldchain_backend.alerts.targets import SPLIT, TARGETS, UNVERIFIED, Standing, of_all, of_load

__all__ = [
    "SPLIT",
    "TARGETS",
    "UNVERIFIED",
    "Acknowledgement",
    "Act",
    "Alert",
    "AlertBook",
    "AlertKind",
    "AlertState",
    "Cause",
    "Chain",
    "Context",
    "Decision",
    "Delivery",
    "Desk",
    "DeskBook",
    "Disposition",
    "DueName",
    "End",
    "EndKind",
    "Entry",
    "Finding",
    "Head",
    "Kpis",
    "Life",
    "Load",
    "Mute",
    "MuteKind",
    "Muted",
    "Notice",
    "Position",
    "Priority",
    "Queued",
    "Remembered",
    "Scope",
    "Share",
    "Sibling",
    "Stage",
    "Standing",
    "Stated",
    "Subject",
    "Timers",
    "Told",
    "Transition",
    "TransitionKind",
    "Witness",
    "alert_document",
    "alert_from",
    "alert_id_of",
    "audit",
    "context_document",
    "counts",
    "follow_act",
    "kpis",
    "life_of",
    "mute_id_of",
    "mute_of",
    "names_for",
    "notice_of",
    "of_all",
    "of_load",
    "rules_of",
    "said_of",
    "schedule_of",
]

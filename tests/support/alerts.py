"""Alerts of every kind in every state, for tests of what people are shown."""

from __future__ import annotations

from coldchain.profiles import Level
from coldchain_backend.alerts import Alert, AlertKind, AlertState, Cause, End, EndKind, Subject
from coldchain_backend.alerts.states import Acknowledgement

NOW_MS = 1_795_376_523_000
PLACED = Subject(
    asset="cq-store", zone="cq-store.chiller", point="cq-store.chiller.front", sensor="chiller-front"
)
GATEWAY = Subject(asset="cq-store", gateway="gw")
SUBJECTS = dict.fromkeys(AlertKind, PLACED) | {
    AlertKind.GATEWAY_OFFLINE: GATEWAY,
    AlertKind.CLOCK: GATEWAY,
    AlertKind.MAINS: Subject(asset="cq-store", sensor="supply"),
    AlertKind.SYSTEM: Subject(),
}
ENDS = {
    AlertState.RESOLVED: EndKind.RESOLVED,
    AlertState.CLOSED: EndKind.CLOSED,
    AlertState.WITHDRAWN: EndKind.WITHDRAWN,
    AlertState.MERGED: EndKind.MERGED,
}


def alert_of(kind: AlertKind, state: AlertState, level: Level = Level.ALARM) -> Alert:
    """An alert of a kind, as it stands in a state; one of a point has all that is measured."""
    end = None
    if state in ENDS:
        end = End(kind=ENDS[state], event_ms=NOW_MS - 60_000, value=6.5, incomplete=True, by="陈静")
    out = kind is AlertKind.EXCURSION
    cause = Cause(
        id="c", kind=kind, subject=SUBJECTS[kind], opened_ms=NOW_MS - 3_600_000, level=level, known_ms=NOW_MS,
        rule="high" if out else None, value=9.5 if out else None, limit=8.0 if out else None,
        peak=11.3 if out else None, peak_ms=NOW_MS - 1000 if out else None, out_ms=52 * 60_000 if out else 0,
        data_gap=True, detail="the disk is full" if kind is AlertKind.SYSTEM else None, end=end,
        sensors=("chiller-front",) if kind is AlertKind.GATEWAY_OFFLINE else (),
    )  # fmt: skip
    taken = None
    if state is AlertState.ACKNOWLEDGED:
        taken = Acknowledgement(by="陈静", at_ms=NOW_MS - 1000, reason="door closed")
    return Alert(
        id="al_x", cause=cause, state=state, level=level, sequence=2, revision=3, paged=True,
        fired_ms=NOW_MS - 3_590_000, acknowledged=taken,
    )  # fmt: skip

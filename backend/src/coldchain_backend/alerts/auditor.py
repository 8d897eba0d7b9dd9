"""The auditor: every alert that goes on has been told to somebody, or there is a stated reason. Pure.

It looks at what the desk decided and at what is queued, and trusts neither alone. Cost: O(alerts that go on).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from coldchain_backend.alerts.calls import routed
from coldchain_backend.alerts.routing import Reason
from coldchain_backend.alerts.states import Alert, MuteKind
from coldchain_backend.fleet import Plan


class Stated(StrEnum):
    """Why an alert is told as it is. `UNEXPLAINED` must not be."""

    TOLD = "told"
    IN_DIGEST = "in_digest"
    SHELVED = "shelved"
    WINDOW = "window"
    OUT_OF_SERVICE = "out_of_service"
    UNSTABLE = "unstable"
    PAGE_ONLY = "page_only"  # a warning that no route asks for
    PAST = "past"  # late data: it lay too far back to call anybody
    NO_RECEIVER = "no_receiver"  # the fleet has none
    RECEIVER_GONE = "receiver_gone"  # whoever was to hear of it is no longer in the fleet
    UNEXPLAINED = "unexplained"


_MUTED = {
    MuteKind.SHELVED: Stated.SHELVED,
    MuteKind.WINDOW: Stated.WINDOW,
    MuteKind.OUT_OF_SERVICE: Stated.OUT_OF_SERVICE,
    MuteKind.UNSTABLE: Stated.UNSTABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """An alert that goes on, and who has a telling of it in the queue, alone or in a digest."""

    alert: Alert
    alone: frozenset[str] = frozenset()
    in_digest: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the auditor says of an alert; `missing` were to hear of it and have nothing queued."""

    alert: str
    stated: Stated
    receivers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def audit(found: Sequence[Queued], plan: Plan, now_ms: int) -> tuple[Finding, ...]:
    """Look at all alerts that go on."""
    known = {one.name for one in plan.receivers}
    return tuple(finding(one, plan, known, now_ms) for one in found)


def finding(one: Queued, plan: Plan, known: Collection[str], now_ms: int) -> Finding:
    """Look at one alert; `known` are the receivers of the plan."""
    alert = one.alert
    if not alert.told:
        return Finding(alert=alert.id, stated=_untold(alert, plan, now_ms))
    missing = tuple(name for name in alert.told if name not in one.alone and name not in one.in_digest)
    if any(name in known for name in missing):
        stated = Stated.UNEXPLAINED
    elif len(missing) == len(alert.told):
        stated = Stated.RECEIVER_GONE
    else:
        stated = Stated.TOLD if one.alone else Stated.IN_DIGEST
    return Finding(alert=alert.id, stated=stated, receivers=alert.told, missing=missing)


def counts(findings: Sequence[Finding]) -> Mapping[Stated, int]:
    """How many there are of each."""
    return {stated: sum(one.stated is stated for one in findings) for stated in Stated}


def _untold(alert: Alert, plan: Plan, now_ms: int) -> Stated:
    """Why nobody was told."""
    if alert.muted is not None:
        return _MUTED[alert.muted.kind]
    if not plan.receivers:
        return Stated.NO_RECEIVER
    if alert.cause.kind.about_goods and not alert.paged:
        reason = routed(alert, plan, now_ms).reason
        return Stated.PAGE_ONLY if reason is Reason.PAGE_ONLY else Stated.PAST
    return Stated.UNEXPLAINED

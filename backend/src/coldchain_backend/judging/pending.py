"""What is out of limits and not yet due to be told: excursions whose delays still run, as alerts to come."""

from collections.abc import Iterator

from coldchain.profiles import Level
from coldchain_backend.alerts import Alert, AlertState, alert_id_of
from coldchain_backend.fleet import Fleet
from coldchain_backend.judging.causes import cause_of
from coldchain_backend.judging.courses import Course
from coldchain_backend.judging.current import Current
from coldchain_backend.judging.views import AlertFilter, Facts


def pending_alerts(facts: Facts, fleet: Fleet, wanted: AlertFilter) -> Iterator[Alert]:
    """A view of the excursions' delays, the newest first; nothing of it is kept."""
    current = Current(facts, fleet)
    stored = {course.key: course for course in facts.courses}
    waiting = [one for one in current.excursions.values() if one.excursion.level is None]
    for one in sorted(waiting, key=lambda it: (-it.excursion.opened_ms, it.id)):
        spell = fleet.spell_of(one.key.sensor, one.key.from_ms)
        if spell is None or one.key not in stored:
            continue
        course = Course.begin(spell, one.key.quantity)
        course.restore(stored[one.key])
        cause = cause_of(one, course, facts.progress.stamp_ms)
        rule = next((rule for rule in course.judged.rules if rule.name == cause.rule), None)
        warns = rule is not None and rule.warning_after_ms is not None
        alert = Alert(
            id=alert_id_of(one.id),
            cause=cause,
            state=AlertState.PENDING,
            level=Level.WARNING if warns else Level.ALARM,
            sequence=0,
            revision=1,
            paged=False,
            fired_ms=cause.opened_ms,
        )
        if _fits(alert, wanted):
            yield alert


def _fits(alert: Alert, wanted: AlertFilter) -> bool:
    subject = alert.cause.subject
    pairs = (
        (wanted.level, alert.level),
        (wanted.kind, alert.cause.kind),
        (wanted.asset, subject.asset),
        (wanted.zone, subject.zone),
    )
    if not all(one is None or one == found for one, found in pairs):
        return False
    names = (alert.id, subject.asset or "", subject.zone or "", subject.point or "")
    return wanted.q is None or any(wanted.q in name or name in wanted.places for name in names)

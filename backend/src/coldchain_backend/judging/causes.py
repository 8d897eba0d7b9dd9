"""An excursion as the cause of an alert. Pure."""

from coldchain_backend.alerts import AlertKind, Cause, End, EndKind, Subject
from coldchain_backend.judging.contracts import Gone, StoredExcursion
from coldchain_backend.judging.courses import Course


def cause_of(stored: StoredExcursion, course: Course, now_ms: int) -> Cause:
    """What an alert says of an excursion at `now_ms`."""
    excursion, place = stored.excursion, course.spell.place
    rule = next((rule for rule in course.judged.rules if rule.name == excursion.rule), None)
    end = _end(stored, course, now_ms)
    last_ms = course.state.last_ms
    return Cause(
        id=stored.id,
        kind=AlertKind.EXCURSION,
        subject=Subject(
            asset=place.asset.id, zone=place.zone.id, point=stored.point, sensor=stored.key.sensor
        ),
        opened_ms=excursion.opened_ms,
        level=excursion.level,
        reached_ms=excursion.warning_ms if excursion.alarm_ms is None else excursion.alarm_ms,
        known_ms=excursion.opened_ms if last_ms is None else last_ms,
        rule=excursion.rule,
        value=course.state.last_value if stored.end_value is None else stored.end_value,
        limit=None if rule is None else rule.threshold,
        peak=excursion.peak,
        peak_ms=excursion.peak_ms,
        out_ms=excursion.out_ms,
        data_gap=excursion.data_gap,
        end=end,
    )


def _end(stored: StoredExcursion, course: Course, now_ms: int) -> End | None:
    closed_ms = stored.excursion.closed_ms
    if stored.gone is Gone.WITHDRAWN:
        return End(kind=EndKind.WITHDRAWN, event_ms=stored.excursion.opened_ms)
    if closed_ms is not None:
        if stored.held_ms is not None:
            return None
        return End(
            kind=EndKind.RESOLVED,
            event_ms=closed_ms,
            value=stored.end_value,
            incomplete=stored.incomplete,
        )
    spell_end = course.spell.to_ms
    if spell_end is None or spell_end > now_ms:
        return None
    return End(kind=EndKind.CLOSED, event_ms=spell_end, by=course.spell.ended_by)

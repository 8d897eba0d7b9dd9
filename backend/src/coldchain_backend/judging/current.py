"""Open excursions and their alerts as of now; what is stored of them is as of their last level. Pure."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from coldchain.excursions import Excursion, Judged, Until, step
from coldchain_backend.alerts import Alert
from coldchain_backend.fleet import Fleet
from coldchain_backend.judging.contracts import StoredCourse, StoredExcursion
from coldchain_backend.judging.views import Facts


class Current:
    """Refreshes with the state of each course, advanced to the log's newest stamp."""

    def __init__(self, facts: Facts, fleet: Fleet) -> None:
        self._courses = {course.key: course for course in facts.courses}
        self._fleet, self._stamp_ms = fleet, facts.progress.stamp_ms
        self.excursions = {one.id: self._excursion(one) for one in facts.open}

    def excursion(self, stored: StoredExcursion) -> StoredExcursion:
        """The excursion with peak and time out of limits up to now."""
        return self.excursions.get(stored.id, stored)

    def alert(self, alert: Alert) -> Alert:
        """The alert, saying of its excursion what is known now."""
        stored = self.excursions.get(alert.cause.id)
        course = None if stored is None else self._courses.get(stored.key)
        if stored is None or course is None or not alert.state.open or alert.cause.end is not None:
            return alert
        now, state = stored.excursion, course.state
        cause = replace(
            alert.cause,
            value=state.last_value,
            known_ms=alert.cause.known_ms if state.last_ms is None else state.last_ms,
            peak=now.peak,
            peak_ms=now.peak_ms,
            out_ms=now.out_ms,
            data_gap=now.data_gap,
        )
        return replace(alert, cause=cause)

    def _excursion(self, stored: StoredExcursion) -> StoredExcursion:
        course = self._courses.get(stored.key)
        shown = {} if course is None else self._shown(course)
        return replace(stored, excursion=shown.get(stored.excursion.rule, stored.excursion))

    def _shown(self, course: StoredCourse) -> dict[str, Excursion]:
        """The open excursions of a course by rule, with time passed."""
        key = course.key
        spell = self._fleet.spell_of(key.sensor, key.from_ms)
        if spell is None:
            return {}
        judged = Judged(
            profile=spell.profile,
            interval_ms=spell.interval_ms,
            quantity=key.quantity,
            zone=ZoneInfo(spell.place.asset.time_zone),
        )
        until_ms = self._stamp_ms if spell.to_ms is None else min(self._stamp_ms, spell.to_ms)
        state, _ = step(course.state, Until(time_ms=until_ms), judged)
        return {place.rule: place for place in state.open}

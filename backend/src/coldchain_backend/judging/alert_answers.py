"""Questions about what was told: alerts as they stand now, their stories, what is muted."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from coldchain.errors import InvalidInput
from coldchain.words import Text
from coldchain_backend.alerts import Alert, AlertState, Finding, Kpis, Mute, audit, kpis, notice_of, rules_of
from coldchain_backend.fleet import Fleet
from coldchain_backend.judging.current import Current
from coldchain_backend.judging.pending import pending_alerts
from coldchain_backend.judging.views import AlertFilter, AlertStory, Recall

LOOK_BACK_MS: Final = 3_600_000
"""What happened so shortly before a time decides whether a flood goes on at its beginning."""

MOST_LIVES: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How alarms did; `undelivered`: deliveries of the time that have not arrived, by receiver, by state."""

    kpis: Kpis
    undelivered: Mapping[str, Mapping[str, int]]


class AlertAnswers(ABC):
    """Asks `recall`; whoever is built on it knows the fleet."""

    def __init__(self, recall: Recall) -> None:
        self._recall = recall

    @abstractmethod
    def fleet(self) -> Fleet:
        """The fleet as judging knows it."""

    def alerts(self, wanted: AlertFilter, *, after: str | None = None, limit: int = 100) -> Sequence[Alert]:
        """Alerts, newest first; those that are pending are a view of the excursions, all at once."""
        if wanted.state is AlertState.PENDING:
            return list(islice(pending_alerts(self._recall.facts(), self.fleet(), wanted), limit))
        found = self._recall.alerts(wanted, after, limit)
        if not any(alert.state.open for alert in found):
            return found
        current = self._current()
        return [current.alert(alert) for alert in found]

    def alert_counts(self, wanted: AlertFilter) -> Mapping[AlertState, int]:
        """How many alerts are wanted, by the state that is shown."""
        return self._recall.alert_counts(wanted)

    def kpis(self, from_ms: int, to_ms: int) -> Figures:
        """How alarms did in a time. Raises InvalidInput where there were too many to count at once."""
        lives = self._recall.lives(from_ms - LOOK_BACK_MS, to_ms, MOST_LIVES + 1)
        if len(lives) > MOST_LIVES:
            raise InvalidInput(f"more than {MOST_LIVES} alerts in this time: ask for a shorter one")
        rules = rules_of(self.fleet().plan.alerting)
        found = kpis(lives, from_ms, to_ms, rules)
        return Figures(kpis=found, undelivered=self._recall.undelivered(from_ms, to_ms))

    def _current(self) -> Current:
        return Current(self._recall.facts(), self.fleet())

    def alert(self, alert_id: str) -> AlertStory | None:
        """One alert with its steps, deliveries and the gateway's own alarms of that time."""
        story = self._recall.story(alert_id)
        if story is None or not story.alert.state.open:
            return story
        return replace(story, alert=self._current().alert(story.alert))

    def told_in(self, delivery: str) -> Sequence[Alert]:
        """The alerts of which a group's message or a digest tells, as they stand now."""
        found = self._recall.told_in(delivery)
        current = self._current() if any(one.state.open for one in found) else None
        return [one if current is None or not one.state.open else current.alert(one) for one in found]

    def told_of_open(self, limit: int) -> Sequence[tuple[str, str]]:
        """Ids of alerts whose condition goes on, newest first, each with a receiver that was told of it.

        Those that a group's message tells of stand there by the id of that delivery, too.
        """
        return self._recall.told_of_open(limit)

    def audit(self) -> Sequence[Finding]:
        """Of every alert that goes on, to whom it was told, or why to nobody; as of what is judged."""
        plan, now_ms = self.fleet().plan, self._recall.progress().stamp_ms
        return audit(self._recall.queued(), plan, now_ms)

    def mutes(self) -> Sequence[Mute]:
        """Everything that is shelved, in a window or out of service, or will be."""
        return self._recall.mutes()

    def text(self, story: AlertStory) -> Text:
        """What the newest step of an alert says."""
        return notice_of(story.alert, story.steps[-1], self.fleet()).text()

"""Due times of alerts: kept with everything else, and fired by the log's clock among judging's own."""

from coldchain_backend.alerts import Desk, DueName
from coldchain_backend.judging.contracts import Memory, Remembered
from coldchain_backend.judging.dues import DueKind
from coldchain_backend.judging.present import Present, Settings
from coldchain_backend.judging.surroundings import Surroundings


class AlertDues:
    """The desk's timers."""

    def __init__(self, memory: Memory, present: Present) -> None:
        self._memory, self._dues = memory, present.dues

    def set(self, subject: str, kind: DueName, due_ms: int | None) -> None:
        """Set, move or (None) remove what is due of a subject."""
        self._dues.set(DueKind.ALERT, (subject, kind.value), due_ms)
        self._memory.put_alert_due(subject, kind, due_ms)

    def restore(self, subject: str, kind: DueName, due_ms: int) -> None:
        """Take up a due time that was stored."""
        self._dues.set(DueKind.ALERT, (subject, kind.value), due_ms)


def desk_of(memory: Memory, present: Present, settings: Settings, remembered: Remembered) -> Desk:
    """The desk as of the last commit, its timers running."""
    timers = AlertDues(memory, present)
    for subject, kind, due_ms in remembered.alert_dues:
        timers.restore(subject, kind, due_ms)
    return Desk(memory, settings.public_url, timers, Surroundings(memory, present), remembered.desk)

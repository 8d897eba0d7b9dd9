"""What is muted now: the shelvings, windows and times out of service in force or ahead."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from coldchain_backend.alerts.contracts import DeskBook, DueName, Timers
from coldchain_backend.alerts.states import Alert, Muted, MuteKind
from coldchain_backend.alerts.suppression import Mute, muted


class Mutes:
    """Keeps them, and has the desk look again at their boundaries."""

    def __init__(self, book: DeskBook, timers: Timers, known: Iterable[Mute]) -> None:
        self._book, self._timers = book, timers
        self._mutes = {one.id: one for one in known}

    def all(self) -> Sequence[Mute]:
        """All that hold or will hold."""
        return tuple(self._mutes.values())

    def over(self, alert: Alert, now_ms: int) -> Muted | None:
        """What lies over an alert now."""
        return muted(alert, self._mutes.values(), now_ms)

    def add(self, mute: Mute, now_ms: int) -> None:
        """Keep one, from now on or ahead."""
        if not mute.over(now_ms):
            self._mutes[mute.id] = mute
            self._book.put_mute(mute)
            self._timers.set(mute.id, DueName.MUTE, mute.next_ms(now_ms))

    def end(self, mute_id: str, now_ms: int) -> bool:
        """Take one off before its time; false if there is none."""
        mute = self._mutes.get(mute_id)
        if mute is None:
            return False
        self._drop(replace(mute, to_ms=now_ms))
        return True

    def unshelve(self, alert: Alert, now_ms: int) -> bool:
        """Take every shelving off an alert's source; whether there was one."""
        found = [
            one.id for one in self._mutes.values() if one.kind is MuteKind.SHELVED and one.scope.covers(alert)
        ]
        for one in found:
            self.end(one, now_ms)
        return bool(found)

    def due(self, mute_id: str, now_ms: int) -> None:
        """A boundary has come: what is over is forgotten, else the next boundary is set."""
        mute = self._mutes.get(mute_id)
        if mute is None:
            return
        if mute.over(now_ms):
            self._drop(mute)
        else:
            self._timers.set(mute.id, DueName.MUTE, mute.next_ms(now_ms))

    def _drop(self, mute: Mute) -> None:
        del self._mutes[mute.id]
        self._book.drop_mute(mute.id)
        self._timers.set(mute.id, DueName.MUTE, None)

"""Foreign stores whose past is being read in: judged like everything, but nobody is called for it.

From a store's first mark until it has caught up nobody can tell either who is silent: the newest readings
come last. What was over by then stays the past, also when a fleet version or a late point judges it again. A
store that cannot be read ends that at once, and so does a start of the service, because silence
must never look like safety; what is not read in yet is marked again when reading goes on.
"""

from collections.abc import Mapping
from typing import Final

from coldchain_backend.alerts import AlertKind, Desk, EndKind
from coldchain_backend.influx import Trouble
from coldchain_backend.judging.device_conditions import Conditions, beginning
from coldchain_backend.judging.present import Present
from coldchain_backend.judging.roll_call import RollCall
from coldchain_backend.judging.system import look_at_mark
from coldchain_backend.ledger import Json, MarkName

_PREFIX: Final = "imports "
_DONE: Final = "imported "
_STOPS: Final = frozenset(trouble.value for trouble in Trouble)
"""Troubles in which nothing is read any more."""


class Imports:
    """Which stores are being read in, as marks of the log say; kept among the conditions."""

    def __init__(self, present: Present, conditions: Conditions, roll_call: RollCall) -> None:
        self._present, self._conditions, self._roll_call = present, conditions, roll_call
        for (kind, subject), state in present.conditions.items():
            if kind != AlertKind.SYSTEM.value:
                continue
            if subject.startswith(_PREFIX):
                present.importing.add(subject.removeprefix(_PREFIX))
            elif subject.startswith(_DONE):
                present.imported_to[subject.removeprefix(_DONE)] = state.since_ms

    def take_mark(self, fields: Mapping[str, Json], desk: Desk) -> None:
        """A mark of the service came: it may begin or end an import, or be told."""
        self._look_at(fields)
        look_at_mark(fields, desk, self._present)

    def _look_at(self, fields: Mapping[str, Json]) -> None:
        mark, store = fields.get("mark"), str(fields.get("store", ""))
        if mark == MarkName.FOLLOW_IMPORTS.value and store not in self._present.importing:
            self._conditions.keep(beginning(AlertKind.SYSTEM, _PREFIX + store, self._present.now_ms))
            self._present.importing.add(store)
        elif mark == MarkName.FOLLOW_CAUGHT_UP.value:
            now_ms = self._present.now_ms
            self._conditions.keep(beginning(AlertKind.SYSTEM, _DONE + store, now_ms))
            self._present.imported_to[store] = now_ms
            self._end(store)
        elif mark == MarkName.FOLLOW_FAILING.value and fields.get("trouble") in _STOPS:
            self._end(store)

    def begin_again(self) -> None:
        """The service started: whatever still is to be read in will be marked again; the roll is called."""
        for store in sorted(self._present.importing):
            self._end(store)
        self._roll_call.call()

    def _end(self, store: str) -> None:
        """What goes on now is told as it would have been, and silence is looked for again."""
        present = self._present
        if store not in present.importing:
            return
        state = self._conditions.state(AlertKind.SYSTEM, _PREFIX + store)
        if state is not None:
            self._conditions.end(state, EndKind.RESOLVED, present.now_ms)
        present.importing.discard(store)
        known = {sensor for sensor, state in present.sensors.items() if state.gateway == store}
        self._conditions.look_again(known)
        for sensor in sorted(present.watched):
            if sensor in known or present.gateway_of(sensor) is None or sensor not in present.sensors:
                self._roll_call.expect(sensor)

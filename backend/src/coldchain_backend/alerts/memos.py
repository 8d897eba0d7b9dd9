"""Small states of the desk by name, kept with everything else so that a restart changes nothing."""

from collections.abc import Mapping
from typing import TypeVar

import orjson
from cattrs import Converter

from coldchain_backend.alerts.contracts import DeskBook

State = TypeVar("State")
_converter = Converter(omit_if_default=True)


class Memos:
    """Reads what was kept once, and writes what changes."""

    def __init__(self, book: DeskBook, known: Mapping[str, bytes]) -> None:
        self._book, self._known = book, dict(known)
        self._read: dict[str, object] = {}

    def get(self, name: str, kind: type[State]) -> State:
        """The state under a name; a fresh one if there is none."""
        state = self._read.get(name)
        if not isinstance(state, kind):
            blob = self._known.pop(name, None)
            if blob is None:
                return kind()
            state = _converter.structure(orjson.loads(blob), kind)
            self._read[name] = state
        return state

    def put(self, name: str, state: object) -> None:
        """Keep a state under a name."""
        self._read[name] = state
        self._book.put_memo(name, lambda: orjson.dumps(_converter.unstructure(state)))

    def drop(self, name: str) -> None:
        """Forget what is under a name."""
        self._read.pop(name, None)
        self._known.pop(name, None)
        self._book.put_memo(name, None)

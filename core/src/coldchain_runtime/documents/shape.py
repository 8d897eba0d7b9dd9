"""Plain values → frozen dataclasses, by their type hints alone, collecting every error with its path."""

import dataclasses
import types
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from coldchain.errors import ConfigError, InvalidInput
from coldchain_runtime.documents.units import duration_ms, size_bytes

T = TypeVar("T")
Place = tuple[str | int, ...]
LineOf = Callable[[Place], int | None]
Check = Callable[[T], Iterable[tuple[Place, str]]]
"""Tells what does not fit together in a document: the place and the rule that it breaks."""

Duration = Annotated[int, duration_ms]
"""A field of whole milliseconds that is written `10s`."""
Size = Annotated[int, size_bytes]
"""A field of bytes that is written `64MB`."""

_FLOAT_BITS = 1023
"""Whole numbers of more bits are not finite as floating point."""
_KINDS: dict[type, str] = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


class _Wrong(Exception):
    """Stops the making of one value whose errors are already noted."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Shaper:
    file: str
    line_of: LineOf
    errors: list[ConfigError]

    def wrong(self, place: Place, message: str) -> _Wrong:
        self.errors.append(
            ConfigError(message, file=self.file, line=self.line_of(place), key=key_text(place))
        )
        return _Wrong()

    def make(self, hint: Any, value: object, place: Place) -> Any:  # noqa: ANN401 - a hint decides the type
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._written(arguments, value, place)
        if origin is Literal:
            return self._one_of(arguments, value, place)
        if origin in (Union, types.UnionType):
            return self._union(arguments, value, place)
        if origin is tuple:
            return self._items(arguments[0], value, place)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return self._mapping(arguments[1], value, place)
        if isinstance(hint, type):
            return self._plain(hint, value, place)
        raise TypeError(f"documents cannot hold {hint!r}")

    def _plain(self, hint: type, value: object, place: Place) -> object:
        if dataclasses.is_dataclass(hint):
            return self._object(hint, value, place)
        if issubclass(hint, Enum):
            return hint(self._one_of(tuple(member.value for member in hint), value, place))
        if hint is object:
            return value
        if hint is Path:
            return Path(str(self._plain(str, value, place)))
        if hint is float and isinstance(value, int) and not isinstance(value, bool):
            if value.bit_length() > _FLOAT_BITS:
                raise self.wrong(place, "wanted a finite number")
            return float(value)
        if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
            raise self.wrong(place, f"wanted {_KINDS[hint]}, found {_found(value)}")
        if isinstance(value, float) and not abs(value) < float("inf"):
            raise self.wrong(place, "wanted a finite number")
        return value

    def _written(self, arguments: tuple[Any, ...], value: object, place: Place) -> object:
        kept = self.make(str if callable(arguments[1]) else arguments[0], value, place)
        try:
            return arguments[1](kept)
        except InvalidInput as fault:
            raise self.wrong(place, str(fault)) from fault

    def _one_of(self, choices: tuple[object, ...], value: object, place: Place) -> object:
        if value in choices and type(value) in {type(choice) for choice in choices}:
            return value
        known = ", ".join(str(choice) for choice in choices)
        raise self.wrong(place, f"{_found(value)} is not one of: {known}{meant(value, choices)}")

    def _union(self, arguments: tuple[Any, ...], value: object, place: Place) -> object:
        options = [hint for hint in arguments if hint is not type(None)]
        if value is None and len(options) < len(arguments):
            return None
        if len(options) == 1:
            return self.make(options[0], value, place)
        kinds = {get_args(_hints(hint)["kind"])[0]: hint for hint in options if "kind" in _hints(hint)}
        if not kinds:
            raise TypeError(f"a union needs a literal `kind` in each of {options}")
        table = self._table(value, place)
        if "kind" not in table:
            raise self.wrong(place, f"needs `kind`, one of: {', '.join(kinds)}")
        kind = self._one_of(tuple(kinds), table["kind"], (*place, "kind"))
        return self.make(kinds[kind], value, place)

    def _items(self, hint: Any, value: object, place: Place) -> tuple[object, ...]:  # noqa: ANN401 - a hint
        if not isinstance(value, list):
            raise self.wrong(place, f"wanted a list, found {_found(value)}")
        return tuple(self._all({index: (hint, item) for index, item in enumerate(value)}, place).values())

    def _mapping(self, hint: Any, value: object, place: Place) -> dict[str | int, object]:  # noqa: ANN401 - a hint
        return self._all({name: (hint, item) for name, item in self._table(value, place).items()}, place)

    def _object(self, hint: type, value: object, place: Place) -> object:
        table = self._table(value, place)
        hints = {name: kind for name, kind in _hints(hint).items() if name in _fields(hint)}
        for name in table:
            if name not in hints:
                self.wrong((*place, name), f"unknown key{meant(name, tuple(hints))}")
        missing = [name for name, needed in _fields(hint).items() if needed and name not in table]
        for name in missing:
            self.wrong(place, f"needs `{name}`")
        known = {name: (hints[name], item) for name, item in table.items() if name in hints}
        values = self._all({**known}, place)
        if missing or len(known) < len(table):
            raise _Wrong
        try:
            return hint(**values)
        except InvalidInput as fault:
            raise self.wrong(place, str(fault)) from fault

    def _table(self, value: object, place: Place) -> dict[str, object]:
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise self.wrong(place, f"wanted a table of keys, found {_found(value)}")
        return value

    def _all(self, wanted: dict[Any, tuple[Any, object]], place: Place) -> dict[Any, object]:
        """Make every member, so that all errors are noted, then stop if there was one."""
        made: dict[Any, object] = {}
        for name, (hint, item) in wanted.items():
            try:
                made[name] = self.make(hint, item, (*place, name))
            except _Wrong:
                continue
        if len(made) < len(wanted):
            raise _Wrong
        return made


def structure(
    value: object, cls: type[T], *, file: str, line_of: LineOf | None = None, check: Check[T] | None = None
) -> T:
    """Make a `cls` of plain values (dicts, lists, texts, numbers, booleans).

    `line_of` tells the line of a path of keys and indexes. A class may raise InvalidInput in `__post_init__`.
    `check` is asked once the shape is right.
    Raises ConfigError with every error that was found.
    """
    shaper = _Shaper(file, line_of or (lambda _: None), [])
    try:
        made: T = shaper.make(cls, value, ())
    except _Wrong:
        made = None  # type: ignore[assignment]  # never given out: errors are raised below
    if not shaper.errors and check is not None:
        for place, message in check(made):
            shaper.wrong(place, message)
    if shaper.errors:
        raise ConfigError.of(shaper.errors)
    return made


def key_text(place: Place) -> str:
    """Write a path of keys and indexes: `source[1].unit[0].address`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


@lru_cache(maxsize=512)
def _hints(hint: type) -> dict[str, Any]:
    return get_type_hints(hint, include_extras=True)


@lru_cache(maxsize=512)
def _fields(hint: type) -> dict[str, bool]:
    """The fields that a document may hold, and whether each must be there."""
    missing = dataclasses.MISSING
    return {
        field.name: field.default is missing and field.default_factory is missing
        for field in dataclasses.fields(hint)
        if field.init
    }


def _found(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…'"


def meant(value: object, choices: Iterable[object]) -> str:
    """The end of a message: the choice that looks most like what was written; "" where none does."""
    from difflib import get_close_matches  # costs a gateway 180 KB, of which most have no mistake

    close = get_close_matches(str(value), [str(choice) for choice in choices], n=1)
    return f"; did you mean `{close[0]}`?" if close else ""

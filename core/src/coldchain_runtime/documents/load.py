"""Reading a document's text: bounded, UTF-8, with the line of every key."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from coldchain.errors import ConfigError
from coldchain_runtime.documents.shape import Check, Place, structure

if TYPE_CHECKING:
    import yaml

T = TypeVar("T")

MAX_BYTES = 4 << 20
MAX_NODES = 400_000
MAX_DEPTH = 32
_TABLE = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"))*)\s*=")
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TOML_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def load_toml(path: Path, cls: type[T]) -> T:
    """Read a TOML file into a dataclass; raises ConfigError with every mistake."""
    return toml_text(_read(path), cls, file=str(path))


def toml_text(text: str, cls: type[T], *, file: str) -> T:
    """Read TOML text into a dataclass; `file` stands in the errors."""
    try:
        values = tomllib.loads(text)
    except RecursionError as fault:
        raise _one(file, None, "nested too deeply") from fault
    except ValueError as fault:  # a number of thousands of digits, and every mistake of TOML
        found = _TOML_LINE.search(str(fault))
        line = int(found[1]) if found else text.count("\n") + 1
        raise _one(file, line, _TOML_LINE.sub("", str(fault)).strip()) from fault
    lines = _toml_lines(text)
    return structure(values, cls, file=file, line_of=lambda place: _nearest(lines, place))


def toml_line_of(path: Path) -> Callable[[Place], int]:
    """Tells the line of a key of a TOML file, or of the table that it would stand in."""
    lines = _toml_lines(_read(path))
    return lambda place: _nearest(lines, place)


def load_yaml(path: Path, cls: type[T], *, check: Check[T] | None = None) -> T:
    """Read a YAML file into a dataclass; raises ConfigError with every mistake."""
    return yaml_text(_read(path), cls, file=str(path), check=check)


def yaml_line_of(path: Path) -> Callable[[Place], int]:
    """Tells the line of a key of a YAML file that can be read, or of what it would stand in."""
    import yaml

    reader = _YamlReader(str(path))
    node = yaml.compose(_read(path), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if node is not None:
        reader.value(node, ())
    return lambda place: _nearest(reader.lines, place)


def yaml_text(text: str, cls: type[T], *, file: str, check: Check[T] | None = None) -> T:
    """Read YAML text (one document, no tags, no anchors, no key twice) into a dataclass.

    `check` looks at the whole, once its shape is right, and names what does not fit together and where.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # nine times as fast, where it was built
    try:
        _refuse_surprises(text, loader, file)
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        raise _one(file, mark.line + 1 if mark else None, str(fault.problem or fault.context)) from fault
    except yaml.YAMLError as fault:  # of what is left, a character that no document may hold
        found = _UNPRINTABLE.search(text)
        line = None if found is None else text.count("\n", 0, found.start()) + 1
        raise _one(file, line, "not YAML: a character that cannot stand in a text") from fault
    reader = _YamlReader(file)
    values = {} if node is None else reader.value(node, ())
    if reader.errors:
        raise ConfigError.of(reader.errors)
    return structure(values, cls, file=file, line_of=lambda place: _nearest(reader.lines, place), check=check)


def _refuse_surprises(text: str, loader: "type[yaml.SafeLoader]", file: str) -> None:
    """Look at the events alone, which take no memory, for what must not become nodes."""
    import yaml

    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else None
        if getattr(event, "anchor", None) is not None:
            raise _one(file, line, "anchors and aliases are not taken")
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise _one(file, line, "nested too deeply" if depth > MAX_DEPTH else "too large")


class _YamlReader:
    """Turns YAML's nodes into plain values and remembers the line of each place."""

    def __init__(self, file: str) -> None:
        import yaml

        self.file = file
        self._scalars = yaml.SafeLoader("")
        self.lines: dict[Place, int] = {}
        self.errors: list[ConfigError] = []

    def value(self, node: "yaml.Node", place: Place) -> object:
        """Give a node's value."""
        import yaml

        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._table(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _table(self, node: "yaml.MappingNode", place: Place) -> dict[str, object]:
        table: dict[str, object] = {}
        for key, item in node.value:
            if not isinstance(key.value, str):
                self._wrong(key, "a key must be one word, not a list or a table")
                continue
            name = key.value
            if name in table:
                self._wrong(key, f"the key `{name}` stands twice")
                continue
            self.lines[(*place, name)] = key.start_mark.line + 1
            table[name] = self.value(item, (*place, name))
        return table

    def _scalar(self, node: "yaml.Node") -> object:
        import yaml

        if node.tag in {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:str"}:
            return str(node.value)
        try:
            made: object = self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as fault:
            self._wrong(node, f"cannot be read: {type(fault).__name__}")
            return None
        return made

    def _wrong(self, node: "yaml.Node", message: str) -> None:
        self.errors.append(ConfigError(message, file=self.file, line=node.start_mark.line + 1))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as fault:
        raise _one(str(path), None, f"cannot be read: {fault.strerror}") from fault
    if len(data) > MAX_BYTES:
        raise _one(str(path), None, f"larger than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise _one(str(path), data.count(b"\n", 0, fault.start) + 1, "not UTF-8") from fault


def _one(file: str, line: int | None, message: str) -> ConfigError:
    return ConfigError(message, file=file, line=line)


def _toml_lines(text: str) -> dict[Place, int]:
    """Find the line of each key: the library for TOML tells none. Keys of inline tables get its line."""
    lines: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _TABLE.match(line):
            table = _table_place(_parts(header[2]), counts, repeated=header[1] == "[[")
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_parts(key[1])), number)
    return lines


def _table_place(names: tuple[str, ...], counts: dict[Place, int], *, repeated: bool) -> Place:
    place: Place = ()
    for index, name in enumerate(names):
        place = (*place, name)
        if repeated and index == len(names) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", dotted))


def _nearest(lines: dict[Place, int], place: Place) -> int:
    while place not in lines and place:
        place = place[:-1]
    return lines.get(place, 1)

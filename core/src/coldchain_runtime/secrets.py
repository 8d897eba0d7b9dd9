"""Secrets: values that show themselves only where they are used."""

import os
from pathlib import Path

from coldchain.errors import InvalidInput

MAX_SECRET = 8192
PLACEHOLDERS = frozenset({"changeme", "change-me", "secret", "password", "token", "todo", "xxx", "example"})


class Secret:
    """A secret text; `repr`, `str` and formats hide it, `reveal` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the secret itself, at the place of use only."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def resolve(reference: str, folder: Path) -> Secret:
    """Read the secret that a reference names: `file:PATH` (relative to `folder`) or `env:NAME`.

    Raises InvalidInput where it is not a reference, cannot be read, is empty, or is a placeholder.
    """
    kind, _, name = reference.partition(":")
    if kind == "file" and name:
        value = _from_file(folder / name)
    elif kind == "env" and name:
        value = os.environ.get(name, "")
        if not value:
            raise InvalidInput(f"the environment has no {name}")
    else:
        raise InvalidInput("a secret is given by reference: file:PATH or env:NAME")
    if value.lower() in PLACEHOLDERS:
        raise InvalidInput(f"{reference} holds a placeholder, not a secret")
    return Secret(value)


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SECRET + 1)
        value = data.decode().strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise InvalidInput(f"{path} cannot be read: {fault}") from fault
    if not value or len(data) > MAX_SECRET:
        raise InvalidInput(f"{path} is empty or longer than {MAX_SECRET} bytes")
    return value

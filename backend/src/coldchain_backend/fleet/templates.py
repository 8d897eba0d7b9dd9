"""Texts with {variables} in a fleet file: which they may hold, and how they are filled in.

Nothing is evaluated: a variable is a name between braces, `{{` and `}}` are braces.
"""

from collections.abc import Mapping
from string import Formatter
from typing import Final

from coldchain.errors import InvalidInput

SHORT: Final = frozenset(
    {"phone", "secret", "place", "value", "limit", "minutes", "level", "event", "code", "text", "id"}
)
"""Variables of text messages and calls."""

PUBLISH: Final = frozenset({"organisation", "receiver", "asset", "zone", "level", "alert"})
"""Variables of a topic."""

MESSAGE: Final = frozenset(
    {"place", "value", "limit", "peak", "minutes", "level", "event", "plate", "instruction", "text"}
)
"""Variables of a receiver's own sentence."""

MAX_TEMPLATE: Final = 4096


def checked(key: str, template: str, allowed: frozenset[str]) -> None:
    """Raise InvalidInput, naming the key, for a template that cannot be filled in."""
    if len(template) > MAX_TEMPLATE:
        raise InvalidInput(f"`{key}` is longer than {MAX_TEMPLATE} characters")
    for name in variables(key, template):
        if name not in allowed:
            raise InvalidInput(f"`{key}`: unknown variable {{{name}}}; known: {', '.join(sorted(allowed))}")


def variables(key: str, template: str) -> tuple[str, ...]:
    """Names of the variables of a template; raises InvalidInput where it is not one."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise InvalidInput(
            f"`{key}`: {error}; a brace that is no variable is written {{{{ or }}}}"
        ) from error
    for _, name, spec, conversion in parts:
        if spec or conversion or (name is not None and not name.isidentifier()):
            raise InvalidInput(f"`{key}`: {{{name}}} is not the name of a variable")
    return tuple(name for _, name, _, _ in parts if name is not None)


def filled(template: str, values: Mapping[str, str]) -> str:
    """A checked template with its variables in place."""
    return "".join(
        literal + ("" if name is None else values[name])
        for literal, name, _, _ in Formatter().parse(template)
    )

"""The statements of queries.sql by name; each stands there with a sentence."""

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

_NAMED: Final = re.compile(r"^-- (\w+): .*\n((?:(?!^-- ).*\n?)*)", re.MULTILINE)


def load() -> Mapping[str, str]:
    """Statement by name."""
    text = files("coldchain_backend.series").joinpath("queries.sql").read_text(encoding="utf-8")
    return {name: statement.strip().rstrip(";") for name, statement in _NAMED.findall(text)}


STATEMENTS: Final = load()

"""What panels say, in the language of one set of dashboards."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from coldchain.words import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The texts of one language, by `board.key`; one that stands under `common` serves every board."""

    language: Language
    texts: Mapping[str, Mapping[str, str]]

    def __call__(self, board: str, key: str) -> str:
        """Give a text of a board; raises KeyError for one that nobody has written."""
        own = self.texts.get(board, {})
        return own[key] if key in own else self.texts["common"][key]


@cache
def wording(language: Language) -> Wording:
    """Read the texts of a language."""
    file = resources.files(__package__) / "texts" / f"{language.value}.toml"
    return Wording(language=language, texts=tomllib.loads(file.read_text("utf-8")))

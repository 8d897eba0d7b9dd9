"""The sentences that messages are made of, per language, checked when they are loaded."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from string import Formatter
from typing import Final

from coldchain.errors import IntegrityError
from coldchain.words import Language

Phrases = Mapping[str, Mapping[str, str]]
VARIABLES: Final[Mapping[str, frozenset[str]]] = {
    "title": frozenset({"level", "event", "place", "count"}),
    "phrase": frozenset(
        {
            "side", "limit", "minutes", "degrees", "age", "at", "latitude", "longitude", "name", "phone",
            "count", "number", "level", "place", "value", "event", "code", "text",
        }
    ),
}  # fmt: skip
"""What may stand between braces in a section; in the others nothing may."""


def checked_phrases(text: str, name: str) -> Phrases:
    """Sections of sentences; raises IntegrityError for one that names what nobody fills in."""
    loaded: Phrases = tomllib.loads(text)
    for section, sentences in loaded.items():
        for key, sentence in sentences.items():
            found = {variable for _, variable, _, _ in Formatter().parse(sentence) if variable is not None}
            unknown = found - VARIABLES.get(section, frozenset())
            if unknown:
                raise IntegrityError(f"{name}: [{section}] {key}: nobody fills in {sorted(unknown)}")
    return loaded


def _load(language: Language) -> Phrases:
    name = f"{language.value}.toml"
    text = files("coldchain_backend.delivery").joinpath("texts", name).read_text(encoding="utf-8")
    return checked_phrases(text, name)


PHRASES: Final = {language: _load(language) for language in Language}

"""What a cause says of itself: the phrases of both languages, and names where it has ids."""

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from coldchain.words import Language, Text
from coldchain_backend.alerts.cause import AlertKind, Cause
from coldchain_backend.fleet import Fleet

Phrases = Mapping[str, Mapping[str, str]]
_OF_ASSETS: Final = frozenset({AlertKind.FLOOD, AlertKind.SYSTEM})
_COUNTED: Final = re.compile(r"(\(\d+/\d+: )([^()]+)(?=\))")
"""So many of so many, and whose they are, such as `(2/5: hall-a, truck-1 +3)`."""


def _phrases(language: Language) -> Phrases:
    text = (
        files("coldchain_backend.alerts")
        .joinpath("texts", f"{language.value}.toml")
        .read_text(encoding="utf-8")
    )
    loaded: Phrases = tomllib.loads(text)
    return loaded


PHRASES: Final = {language: _phrases(language) for language in Language}


def said_of(cause: Cause, language: Language, assets: Mapping[str, Text]) -> str:
    """What a cause says of itself, in a language and with the names of assets instead of their ids."""
    detail = cause.detail or ""
    if cause.kind is AlertKind.FLOOD:
        return ", ".join(_share(part, language, assets) for part in detail.split(", "))
    if cause.kind is AlertKind.SYSTEM:
        for name, said in PHRASES[Language.EN]["about"].items():
            detail = detail.replace(said, PHRASES[language]["about"][name])
        return _COUNTED.sub(lambda found: found[1] + _all_called(found[2], language, assets), detail)
    return detail


def _share(said: str, language: Language, assets: Mapping[str, Text]) -> str:
    """An asset's share of a flood, such as "hall-a (10)", by the name that the asset has."""
    asset, mark, count = said.rpartition(" (")
    return f"{_called(asset, language, assets)}{mark}{count}" if mark else said


def _called(id: str, language: Language, assets: Mapping[str, Text]) -> str:
    return assets[id].in_(language) if id in assets else id


def _all_called(ids: str, language: Language, assets: Mapping[str, Text]) -> str:
    named, mark, more = ids.partition(" +")
    return ", ".join(_called(one, language, assets) for one in named.split(", ")) + mark + more


def names_for(cause: Cause, fleet: Fleet) -> Mapping[str, Text]:
    """The names of assets, where a cause speaks of them by their ids."""
    return {one.id: one.name for one in fleet.assets} if cause.kind in _OF_ASSETS else {}

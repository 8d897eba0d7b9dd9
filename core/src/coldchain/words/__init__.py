"""The words of the domain in the languages of its people."""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Literal

from coldchain.words import en, zh


class Language(StrEnum):
    """A language that people read the product in."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text in both languages; where one is missing the other stands in its place."""

    en: str = ""
    zh: str = ""

    def in_(self, language: Language | Literal["en", "zh"]) -> str:
        """Give the text in a language, or in the other one where it was not written."""
        return (self.zh or self.en) if language == "zh" else (self.en or self.zh)


_TERMS = {Language.EN: en.TERMS, Language.ZH: zh.TERMS}


def term(member: Enum, language: Language | Literal["en", "zh"]) -> str:
    """Say an enum's member in a language; raises KeyError for a member that nobody has given words."""
    return _TERMS[Language(language)][f"{type(member).__name__}.{member.name}"]

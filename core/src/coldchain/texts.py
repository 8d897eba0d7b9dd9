"""What is shown to people in their own language."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """A language the product speaks."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One thing said in every language."""

    en: str
    zh: str

    def get(self, language: Language | str) -> str:
        """The text in `language`; English for a language the product does not speak."""
        return self.zh if language == Language.ZH else self.en

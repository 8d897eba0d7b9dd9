"""The report's markup: each text in both languages, of which the page shows one; tables and sections."""

import tomllib
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from coldchain.words import Language, Text, term

MINUTE_MS: Final = 60_000


@cache
def texts(language: Language) -> dict[str, str]:
    """The report's words in a language."""
    path = files("coldchain_backend.evidence").joinpath("texts", f"{language.value}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def both(en: str, zh: str) -> str:
    """One text in both languages, of which the page shows one."""
    return f'<span lang="en">{escape(en)}</span><span lang="zh">{escape(zh)}</span>'


def words(key: str) -> str:
    """A text of the report."""
    return both(texts(Language.EN)[key], texts(Language.ZH)[key])


def word(value: object) -> str:
    """A word of the product's own in both languages; as it stands where there is none."""
    key = f"word_{value}"
    return words(key) if key in texts(Language.EN) else plain(value)


def termed(member: Enum) -> str:
    return both(term(member, "en"), term(member, "zh"))


def text(text: Text) -> str:
    return both(text.in_("en"), text.in_("zh"))


def minutes(ms: int | None) -> str:
    return "–" if ms is None else f"{ms / MINUTE_MS:.1f} {words('minutes')}"


def figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def section(key: str, content: str, note: str = "") -> str:
    told = f"<p>{words(note)}</p>" if note else ""
    return f"<section><h2>{words(key)}</h2>{told}{content}</section>"


def table(keys: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are markup already; on a phone each stands beside its heading."""
    lines = ["".join(_cell(key, cell) for key, cell in zip(keys, row, strict=True)) for row in rows]
    if not lines:
        return f"<p>{words('nothing')}</p>"
    head = "".join(f"<th>{words(key)}</th>" for key in keys)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(key: str, cell: str) -> str:
    en, zh = escape(texts(Language.EN)[key]), escape(texts(Language.ZH)[key])
    return f'<td data-en="{en}" data-zh="{zh}"><div>{cell}</div></td>'


def plain(value: object) -> str:
    """A value as it stands; a dash for none."""
    return "–" if value is None or value == "" else escape(str(value))

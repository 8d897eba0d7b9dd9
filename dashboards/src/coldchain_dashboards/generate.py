"""Dashboards as files: the same text for the same code, which is compared with what is committed."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from coldchain.words import Language
from coldchain_dashboards.board import CONSOLE, CONSOLE_VARIABLE, DATASOURCE, SOURCE_VARIABLE, uid
from coldchain_dashboards.boards import BOARDS, made
from coldchain_dashboards.documents import Document

GENERATED: Final = Path(__file__).with_name("generated")
"""The committed files, with the usual address of the console."""


def documents(*, console: str = CONSOLE, source: str = DATASOURCE) -> dict[str, Document]:
    """Every dashboard in every language as Grafana takes it, by uid; `source` names the data source."""
    return {
        uid(name, language): _settled(_document(name, language), console, source)
        for language in Language
        for name in BOARDS
    }


def text(document: Document) -> str:
    """A dashboard as its file has it."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(folder: Path, *, console: str = CONSOLE) -> list[Path]:
    """Write every dashboard into a folder, and take away files of dashboards that there are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {f"{name}.json": text(one) for name, one in documents(console=console).items()}
    for stale in folder.glob("coldchain-*.json"):
        if stale.name not in wanted:
            stale.unlink()
    for name, content in wanted.items():
        (folder / name).write_text(content, "utf-8")
    return [folder / name for name in wanted]


def drift(folder: Path = GENERATED, *, console: str = CONSOLE) -> list[str]:
    """Names of files that are not what the code makes: different, missing or of no dashboard."""
    wanted = {f"{name}.json": text(one) for name, one in documents(console=console).items()}
    there = {path.name: path.read_text("utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def _document(name: str, language: Language) -> Document:
    encoded: Document = json.loads(JSONEncoder().encode(made(name, language)))
    return dict(_known(encoded))


def _known(value: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Leave out what has no value: Grafana puts its own default there."""
    for key, one in value.items():
        if one is not None:
            yield key, _without_none(one)


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return dict(_known(value))
    return [_without_none(one) for one in value] if isinstance(value, list) else value


def _settled(document: Document, console: str, source: str) -> Document:
    """Say where the console is and which data source is chosen first."""
    for variable in document["templating"]["list"]:
        if variable["name"] == CONSOLE_VARIABLE:
            variable["query"] = console.rstrip("/")
        if variable["name"] == SOURCE_VARIABLE:
            variable["current"] = {"selected": True, "text": source, "value": source}
    return document

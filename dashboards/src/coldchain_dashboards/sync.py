"""What has to be done in a Grafana so that it has these dashboards, and doing it. Deciding is pure.

Ours is what has our uid and, for dashboards, whose newest version is the first or carries our message. What
else is there is somebody's: it is named and left as it is.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from coldchain_dashboards.documents import Document
from coldchain_dashboards.influx import authorization

FOLDER_UID: Final = "coldchain"
SOURCE_UID: Final = "coldchain-influxdb"
MESSAGE: Final = "coldchain-dashboards"
"""Begins the message of every version that is ours; the digest of what was brought follows."""
MARK: Final = "coldchainMark"
FIRST: Final = 1


class Fate(StrEnum):
    """What becomes of one thing."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"  # a person changed it: left as it is
    REFUSED = "refused"  # it cannot be brought without touching what is somebody else's


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing, what becomes of it, and why."""

    kind: str  # folder, data source, dashboard
    uid: str
    title: str
    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A dashboard that Grafana has.

    message  of its newest version, empty where Grafana keeps none
    content  digest of what it is now
    """

    version: int
    message: str
    content: str = ""
    provisioned: bool = False

    @property
    def brought(self) -> str | None:
        """Digest of what was brought last; None where somebody saved it since.

        Of the first version Grafana keeps no message, but nobody can have changed it either.
        """
        ours, _, brought = self.message.partition(" ")
        if ours == MESSAGE:
            return brought
        return self.content if self.version == FIRST else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a Grafana has under the names and uids that are wanted."""

    folder_titles: Mapping[str, str]  # uid → title, of all folders
    sources: Mapping[str, Document]  # uid → data source, of all
    dashboards: Mapping[str, Stored]  # uid → of those wanted that are there


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be there.

    source   the data source to bring; None: one that is there is used
    secrets  what Grafana keeps hidden of it
    """

    folder: str
    dashboards: Mapping[str, Document]
    source: Document | None = None
    secrets: Mapping[str, str] | None = None
    force: bool = False


class Grafana(Protocol):
    """Where dashboards are brought: reads are free of effects, each write is one thing.

    Raises Unavailable where nothing answers, Refused where the token may not, InvalidInput for what Grafana
    does not take.
    """

    def find(self, uids: Iterable[str]) -> Found:
        """Look at folders, data sources and the dashboards of these uids."""

    def create_folder(self, uid: str, title: str) -> None:
        """Make a folder."""

    def put_source(self, document: Document, *, there: bool) -> None:
        """Make a data source, or replace the one of its uid that is `there`."""

    def put_dashboard(self, document: Document, folder: str, message: str, version: int | None) -> None:
        """Save a dashboard as a new version; refused where it is no longer at `version`."""


def digest(value: object) -> str:
    """A short name of a JSON value: equal for equal values."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def data_source(name: str, url: str, database: str, token: str) -> tuple[Document, dict[str, str]]:
    """The data source in Grafana's form, and what Grafana keeps hidden of it."""
    header = authorization(token)
    settings: Document = {"httpMode": "POST", "version": "InfluxQL", "dbName": database}
    document: Document = {
        "uid": SOURCE_UID, "name": name, "type": "influxdb", "access": "proxy", "url": url,
        "database": database, "isDefault": False, "jsonData": settings,
    }  # fmt: skip
    if header:
        settings["httpHeaderName1"] = "Authorization"
    settings[MARK] = f"{_place(document)}-{digest(header)}"
    return document, ({"httpHeaderValue1": header} if header else {})


def plan(wanted: Wanted, found: Found) -> list[Step]:
    """Decide what becomes of folder, data source and each dashboard, in the order in which it is done."""
    steps = [_folder_step(wanted, found)]
    if wanted.source is not None:
        steps.append(_source_step(wanted.source, found, force=wanted.force))
    for uid, document in wanted.dashboards.items():
        fate, reason = _dashboard_fate(document, found.dashboards.get(uid), force=wanted.force)
        steps.append(Step(kind="dashboard", uid=uid, title=document["title"], fate=fate, reason=reason))
    return steps


def carry_out(wanted: Wanted, found: Found, grafana: Grafana, steps: Sequence[Step]) -> None:
    """Do what was planned; nothing at all where a step is refused."""
    if any(step.fate is Fate.REFUSED for step in steps):
        return
    acts: Mapping[str, Callable[[Step], None]] = {
        "folder": lambda step: grafana.create_folder(step.uid, step.title),
        "data source": lambda step: _put_source(wanted, grafana, step),
        "dashboard": lambda step: _put_dashboard(wanted, found, grafana, step),
    }
    for step in steps:
        if step.fate in (Fate.CREATED, Fate.UPDATED):
            acts[step.kind](step)


def _put_source(wanted: Wanted, grafana: Grafana, step: Step) -> None:
    secrets = {"secureJsonData": dict(wanted.secrets)} if wanted.secrets else {}
    grafana.put_source({**(wanted.source or {}), **secrets}, there=step.fate is Fate.UPDATED)


def _put_dashboard(wanted: Wanted, found: Found, grafana: Grafana, step: Step) -> None:
    document, stored = wanted.dashboards[step.uid], found.dashboards.get(step.uid)
    version = None if stored is None else stored.version
    grafana.put_dashboard(document, FOLDER_UID, f"{MESSAGE} {digest(document)}", version)


def _folder_step(wanted: Wanted, found: Found) -> Step:
    title = found.folder_titles.get(FOLDER_UID)
    if title is not None:
        return Step(kind="folder", uid=FOLDER_UID, title=title, fate=Fate.UNCHANGED)
    others = [uid for uid, one in found.folder_titles.items() if one == wanted.folder]
    fate, reason = Fate.CREATED, ""
    if others:
        fate = Fate.REFUSED
        reason = f"a folder of this name is somebody else's (uid {others[0]}); give --folder another name"
    return Step(kind="folder", uid=FOLDER_UID, title=wanted.folder, fate=fate, reason=reason)


def _source_step(source: Document, found: Found, *, force: bool) -> Step:
    stored = found.sources.get(SOURCE_UID)
    namesake = [uid for uid, one in found.sources.items() if one.get("name") == source["name"]]
    fate, reason = Fate.CREATED, ""
    if stored is None and namesake:
        fate = Fate.REFUSED
        reason = f"a data source of this name is somebody else's (uid {namesake[0]}); give --datasource-name"
    elif stored is not None:
        fate, reason = _stored_source_fate(source, stored, force=force)
    return Step(kind="data source", uid=SOURCE_UID, title=source["name"], fate=fate, reason=reason)


def _stored_source_fate(source: Document, stored: Document, *, force: bool) -> tuple[Fate, str]:
    if stored.get("readOnly"):
        return Fate.KEPT, "provisioned from a file"
    mark = str((stored.get("jsonData") or {}).get(MARK, ""))
    if mark.partition("-")[0] != _place(stored) and not force:
        return Fate.KEPT, "changed by a person; --force replaces it"
    placed = _place(stored) == _place(source) and stored.get("name") == source["name"]
    same = placed and mark == source["jsonData"][MARK]
    return (Fate.UNCHANGED, "") if same else (Fate.UPDATED, "")


def _place(source: Document) -> str:
    """What of a data source says where its data are."""
    database = (source.get("jsonData") or {}).get("dbName") or source.get("database")
    return digest([source.get("type"), source.get("url"), database])


def _dashboard_fate(document: Document, stored: Stored | None, *, force: bool) -> tuple[Fate, str]:
    if stored is None:
        return Fate.CREATED, ""
    if stored.provisioned:
        return Fate.KEPT, "provisioned from a file"
    if stored.brought is None:
        return (Fate.UPDATED, "a person's changes stay in its versions") if force else (
            Fate.KEPT, "changed by a person; --force replaces it, its versions stay",
        )  # fmt: skip
    return (Fate.UNCHANGED, "") if stored.brought == digest(document) else (Fate.UPDATED, "")

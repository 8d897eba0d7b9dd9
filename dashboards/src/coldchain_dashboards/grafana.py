"""Grafana over its HTTP API, by a service account's token."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from grafana_client import GrafanaApi  # type: ignore[import-untyped]  # it has no types
from grafana_client.client import (  # type: ignore[import-untyped]  # it has no types
    GrafanaClientError,
    GrafanaException,
    GrafanaServerError,
)

from coldchain.errors import InvalidInput, Refused, Unavailable
from coldchain_dashboards.documents import Document
from coldchain_dashboards.sync import Found, Stored, digest

WITHIN_S: Final = 20.0
NOT_FOUND: Final = 404
NOT_ALLOWED: Final = frozenset({401, 403})
NEEDED: Final = "the token has to be of a service account with role Admin; Editor with --use-datasource"


class GrafanaServer:
    """Follows the protocol `sync.Grafana`."""

    def __init__(self, url: str, token: str) -> None:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise InvalidInput(f"{url!r} is not an address of a Grafana: it begins with http:// or https://")
        self._url = url.rstrip("/")
        self._api: Any = GrafanaApi.from_url(self._url, credential=token, timeout=WITHIN_S)

    def find(self, uids: Iterable[str]) -> Found:
        """Look at folders, data sources and the dashboards of these uids."""
        with self._told("folders and data sources"):
            folders = {one["uid"]: one["title"] for one in self._api.folder.get_all_folders()}
            sources = {one["uid"]: one for one in self._api.datasource.list_datasources()}
        found = {uid: self._dashboard(uid) for uid in uids}
        there = {uid: stored for uid, stored in found.items() if stored is not None}
        return Found(folder_titles=folders, sources=sources, dashboards=there)

    def create_folder(self, uid: str, title: str) -> None:
        """Make a folder."""
        with self._told(f"folder {title!r}"):
            self._api.folder.create_folder(title=title, uid=uid)

    def put_source(self, document: Document, *, there: bool) -> None:
        """Make a data source, or replace the one of its uid that is `there`."""
        with self._told("data source"):
            if there:
                self._api.datasource.update_datasource_by_uid(document["uid"], document)
            else:
                self._api.datasource.create_datasource(document)

    def put_dashboard(self, document: Document, folder: str, message: str, version: int | None) -> None:
        """Save a dashboard as a new version; refused where it is no longer at `version`."""
        at = {} if version is None else {"version": version}
        body = {
            "dashboard": {**document, "id": None, **at},
            "folderUid": folder,
            "message": message,
            "overwrite": False,
        }
        with self._told(f"dashboard {document['uid']}"):
            self._api.dashboard.update_dashboard(body)

    def _dashboard(self, uid: str) -> Stored | None:
        with self._told(f"dashboard {uid}"):
            got = _if_there(lambda: self._api.dashboard.get_dashboard(uid))
            if got is None:
                return None
            history = self._api.dashboard_versions
            versions = _if_there(lambda: history.get_dashboard_versions(dashboard_uid=uid))
        listed = versions["versions"] if isinstance(versions, dict) else versions or []
        newest: Document = max(listed, key=lambda one: int(one["version"]), default={})
        content = {key: one for key, one in got["dashboard"].items() if key not in {"id", "version"}}
        return Stored(
            version=int(got["dashboard"].get("version", 0)),
            content=digest(content),
            message=str(newest.get("message", "")),
            provisioned=bool(got["meta"].get("provisioned", False)),
        )

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Say by our own errors who can help."""
        try:
            yield
        except requests.RequestException as error:
            raise Unavailable(f"{self._url} does not answer: {error}") from error
        except GrafanaServerError as error:
            raise Unavailable(f"{what}: {error.message}") from error
        except GrafanaException as error:
            said = f"{what}: Grafana says: {error.message}"
            if error.status_code in NOT_ALLOWED:
                raise Refused(f"{said} ({NEEDED})") from error
            raise InvalidInput(said) from error


def _if_there(ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - parsed JSON of Grafana's own shape
    try:
        return ask()
    except GrafanaClientError as error:
        if error.status_code == NOT_FOUND:
            return None
        raise

"""A small HTTP server that answers as Grafana 9.3 does to what the dashboards' command asks of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Json = dict[str, Any]
Answer = tuple[int, Any]
ADMIN, EDITOR = "made-for-admins", "made-for-editors"


@dataclass(slots=True)
class GrafanaEnd:
    """Keeps folders, data sources and dashboards with their versions; `failing` answers 500 to everything."""

    folders: list[Json] = field(default_factory=list)
    sources: list[Json] = field(default_factory=list)
    versions: dict[str, list[Json]] = field(default_factory=dict)
    provisioned: set[str] = field(default_factory=set)
    failing: bool = False
    writes: list[str] = field(default_factory=list)
    _server: ThreadingHTTPServer = field(init=False)

    def __enter__(self) -> Self:
        end = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer("GET")

            def do_POST(self) -> None:
                self._answer("POST")

            def do_PUT(self) -> None:
                self._answer("PUT")

            def _answer(self, method: str) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length) or b"{}") if length and method != "GET" else {}
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                status, said = end.answer(method, self.path, body, token)
                content = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, method: str, path: str, body: Json, token: str) -> Answer:
        """What Grafana says."""
        if self.failing:
            return 500, {"message": "database is locked"}
        if token not in (ADMIN, EDITOR):
            return 401, {"message": "Invalid API key"}
        if method != "GET" and "/datasources" in path and token == EDITOR:
            return 403, {"message": "You'll need additional permissions: datasources:create"}
        if method != "GET":
            self.writes.append(f"{method} {path}")
        parts = path.removeprefix("/api/").split("/")
        acts: dict[tuple[str, str], Callable[[], Answer]] = {
            ("GET", "folders"): lambda: (200, self.folders),
            ("POST", "folders"): lambda: self._made(self.folders, "title", body),
            ("GET", "datasources"): lambda: (200, self.sources),
            ("POST", "datasources"): lambda: self._made(self.sources, "name", body),
            ("PUT", "datasources"): lambda: self._replaced(parts[-1], body),
            ("GET", "dashboards"): lambda: self._dashboard(parts[2:]),
            ("POST", "dashboards"): lambda: self._saved(body),
        }
        return acts[method, parts[0]]()

    def save_as_person(self, uid: str, **changes: object) -> None:
        """What a person does in the browser: a new version without our message."""
        newest = self.versions[uid][-1]
        content = {**newest["dashboard"], **changes}
        self.versions[uid].append({"dashboard": content, "message": "", "folderUid": newest["folderUid"]})

    def _made(self, among: list[Json], name: str, body: Json) -> Answer:
        if any(one[name] == body[name] for one in among):
            return 409, {"message": f"the {name} is taken"}
        among.append({key: one for key, one in body.items() if key != "secureJsonData"})
        return 200, body

    def _replaced(self, uid: str, body: Json) -> Answer:
        at = next(at for at, one in enumerate(self.sources) if one["uid"] == uid)
        self.sources[at] = {key: one for key, one in body.items() if key != "secureJsonData"}
        return 200, body

    def _dashboard(self, rest: list[str]) -> Answer:
        uid = rest[0]
        if uid not in self.versions:
            return 404, {"message": "Dashboard not found"}
        kept = self.versions[uid]
        if rest[1:] == ["versions"]:
            return 200, [
                {"version": at, "message": one["message"] if at > 1 else "Initial save"}
                for at, one in reversed(list(enumerate(kept, start=1)))
            ]
        content = {**kept[-1]["dashboard"], "id": 7, "version": len(kept)}
        return 200, {"dashboard": content, "meta": {"provisioned": uid in self.provisioned}}

    def _saved(self, body: Json) -> Answer:
        content = {key: one for key, one in body["dashboard"].items() if key not in ("id", "version")}
        kept = self.versions.setdefault(content["uid"], [])
        if not any(one["uid"] == body["folderUid"] for one in self.folders):
            return 400, {"message": "folder not found"}
        if kept and body["dashboard"].get("version") != len(kept):
            return 412, {
                "message": "The dashboard has been changed by someone else",
                "status": "version-mismatch",
            }
        kept.append({**body, "dashboard": content})
        return 200, {"status": "success", "version": len(kept)}

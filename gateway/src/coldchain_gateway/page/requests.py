"""As much of HTTP as a page of one screen needs, bounded; pure: bytes → request, answer → bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

MAX_HEAD: Final = 8_192
MAX_BODY: Final = 1_024
REASONS: Final = {
    200: "OK",
    303: "See Other",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}
HTML: Final = "text/html; charset=utf-8"
TEXT: Final = "text/plain; charset=utf-8"
# Nothing is loaded from anywhere, nothing runs, nobody frames it.
GUARDS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class BadRequest(Exception):
    """Not a request that this page answers; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(REASONS[status])
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; names of headers are in small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def body_length(self) -> int:
        """How many bytes follow. Raises BadRequest for what is no length, or too much."""
        if "transfer-encoding" in self.headers:
            raise BadRequest(400)
        length = self.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise BadRequest(400)
        if len(length) > 9 or int(length) > MAX_BODY:
            raise BadRequest(413)
        return int(length)

    @property
    def own(self) -> bool:
        """Whether it comes from this page itself: browsers name the page behind every form."""
        host = self.headers.get("host", "")
        origin = self.headers.get("origin")
        sites = self.headers.get("sec-fetch-site", "same-origin")
        return sites in {"same-origin", "none"} and (origin is None or _host_of(origin) == host)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; the connection ends with it."""

    status: int = 200
    kind: str = TEXT
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self, *, body: bool = True) -> bytes:
        """As it goes over the wire; without the body for HEAD."""
        lines = [f"HTTP/1.1 {self.status} {REASONS[self.status]}", f"Content-Type: {self.kind}"]
        lines += [f"Content-Length: {len(self.body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in {**GUARDS, **self.headers}.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (self.body if body else b"")


def parse_head(head: bytes) -> Request:
    """Read request line and headers, up to the empty line. Raises BadRequest."""
    try:
        first, *rest = head.decode("latin-1").split("\r\n")
        method, target, version = first.split(" ")
        parts = urlsplit(target)
    except ValueError as error:
        raise BadRequest(400) from error
    if not version.startswith("HTTP/1.") or not target.startswith("/"):
        raise BadRequest(400)
    headers = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if line and (not colon or not name or name != name.strip()):
            raise BadRequest(400)
        headers[name.lower()] = value.strip()
    return Request(method=method, path=parts.path, query=form(parts.query), headers=headers)


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def form(text: str) -> dict[str, str]:
    """The first value of each field. Raises BadRequest for too many."""
    try:
        return {name: values[0] for name, values in parse_qs(text, max_num_fields=20).items()}
    except ValueError as error:
        raise BadRequest(400) from error

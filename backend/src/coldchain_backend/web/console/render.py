"""One answer to one person: their language, their rights, the frame around every page."""

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from coldchain.words import Language
from coldchain_backend.access import Right
from coldchain_backend.alerts import Alert
from coldchain_backend.judging import AlertFilter
from coldchain_backend.web.console.alert_page import Teller
from coldchain_backend.web.console.wording import Wording, limit, preferred, signed
from coldchain_backend.web.services import Person, Services

LANGUAGE_COOKIE = "language"
MAX_OPEN = 100
_PACKAGE = "coldchain_backend.web.console"
_MENU = {
    "alert": "alerts",
    "muted": "alerts",
    "kpis": "alerts",
    "deliveries": "alerts",
    "delivery": "alerts",
    "zone": "board",
    "user": "users",
    "tokens": "users",
}
"""Under which entry of the menu a page stands that has none of its own."""


@cache
def templates() -> Environment:
    """The templates; everything is escaped, a misspelt name is an error."""
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["bound"] = limit
    environment.globals["asset_version"] = _asset_version()
    environment.filters["signed"] = signed
    return environment


def _asset_version() -> str:
    """Changes when a static file does, so that browsers may keep them."""
    files = resources.files(_PACKAGE) / "static"
    content = b"".join(file.read_bytes() for file in sorted(files.iterdir(), key=lambda file: file.name))
    return sha256(content).hexdigest()[:12]


def wording_of(request: Request, services: Services) -> Wording:
    """The person's language and the present."""
    return wording_in(None, request, services)


def wording_in(language: Language | None, request: Request, services: Services) -> Wording:
    """A language, or where none is given the person's, and the present."""
    if language is None:
        language = preferred(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
    return Wording(language=language, now_ms=services.clock.now_ms())


def local_path(path: str) -> str:
    """A path on this server to go on to; anything else leads to the board."""
    plain = path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path
    return path if plain else "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What every page needs; a path under /fragments gets the inner part only."""

    request: Request
    services: Services
    person: Person
    wording: Wording
    open_alerts: Sequence[Alert]

    @classmethod
    async def of(cls, request: Request, services: Services, person: Person) -> "Page":
        """Make the frame of an answer."""
        alerts = await to_thread(services.answers.alerts, AlertFilter(open=True), limit=MAX_OPEN)
        wording = wording_of(request, services)
        return cls(request=request, services=services, person=person, wording=wording, open_alerts=alerts)

    @property
    def teller(self) -> Teller:
        """Says alerts to this person."""
        return Teller(
            wording=self.wording,
            fleet=self.services.fleet(),
            may_acknowledge=self.person.may(Right.OPERATE),
            may_decide=self.person.may(Right.REVISE),
            called=self.services.called(self.wording.language),
        )

    def render(self, name: str, values: Mapping[str, object], status: int = 200) -> HTMLResponse:
        """The page, or only its living part."""
        inner = self.request.url.path.startswith("/fragments/")
        file = f"_{name}.html" if inner else f"{name}.html"
        text = templates().get_template(file).render({**self._frame(name), **values})
        return HTMLResponse(text, status_code=status)

    def _frame(self, name: str) -> dict[str, object]:
        url = self.request.url
        return {
            "w": self.wording,
            "person": self.person.name,
            "role": str(self.person.role),
            "organisation": self.services.organisation,
            "may_administer": self.person.may(Right.ADMINISTER),
            "may_audit": self.person.may(Right.AUDIT),
            "open_count": len(self.open_alerts),
            "page": _MENU.get(name, name),
            "path": url.path + (f"?{url.query}" if url.query else ""),
        }


def render_bare(request: Request, services: Services, name: str, values: Mapping[str, object]) -> str:
    """A page without the frame of somebody who is signed in."""
    return render_to(wording_of(request, services), services, name, values)


def render_to(wording: Wording, services: Services, name: str, values: Mapping[str, object]) -> str:
    """The same, in a language that is known."""
    frame: dict[str, object] = {
        "w": wording,
        "person": None,
        "page": name,
        "organisation": services.organisation,
        "open_count": 0,
        "path": "/",
    }
    return templates().get_template(f"{name}.html").render({**frame, **values})

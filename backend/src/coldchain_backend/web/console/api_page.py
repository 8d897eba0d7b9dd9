"""The page of the API: every route with what it needs and takes, made here from the OpenAPI document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from coldchain_backend.web.console.render import render_bare
from coldchain_backend.web.services import Wanted

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRoute:
    """A route; `takes` names the parameters of its address, and its body where it has one."""

    method: str
    path: str
    said: str
    takes: str


@router.get("/api/docs")
async def documented(request: Request, services: Wanted) -> Response:
    """What there is, for whoever writes a program."""
    groups: dict[str, list[ShownRoute]] = {}
    for tag, route in _routes(request.app.openapi()):
        groups.setdefault(tag, []).append(route)
    return HTMLResponse(render_bare(request, services, "api", {"groups": dict(sorted(groups.items()))}))


def _routes(document: Document) -> Iterator[tuple[str, ShownRoute]]:
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            takes = [one["name"] for one in route.get("parameters", ()) if one["in"] == "query"]
            takes += [_body(document, route["requestBody"])] if "requestBody" in route else []
            said = str(route.get("description") or route.get("summary", ""))
            tag = str((route.get("tags") or ["other"])[0])
            yield (
                tag,
                ShownRoute(method=method.upper(), path=path, said=said, takes=", ".join(filter(None, takes))),
            )


def _body(document: Document, body: Document) -> str:
    """The fields of a JSON body; nothing for any other."""
    schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    fields = document.get("components", {}).get("schemas", {}).get(name, {}).get("properties", {})
    return "{" + ", ".join(fields) + "}" if fields else ""

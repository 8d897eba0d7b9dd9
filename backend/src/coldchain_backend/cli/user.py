"""`user add|list|show|edit|disable|password`: people, through the running server."""

import sys
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from coldchain.errors import InvalidInput
from coldchain.words import Language
from coldchain_backend.access import Role
from coldchain_backend.cli.context import Document, context_of

EXAMPLES = """Examples:

coldchain-backend user add wang.li --zh 王丽 --mobile 13800000000 --role operator

coldchain-backend user add night.watch --name "Night watch" --email night@example.org   # cannot log in

coldchain-backend user password wang.li   # asks twice, or the first line of standard input"""
app = typer.Typer(help="People: who may be told, and who may log in.", no_args_is_help=True, epilog=EXAMPLES)

Id = Annotated[str, typer.Argument(help="small letters, digits, '.', '_' and '-'")]
English = Annotated[str | None, typer.Option("--name", help="the name, in Latin letters")]
Chinese = Annotated[str | None, typer.Option("--zh", help="the name in Chinese")]
Lang = Annotated[Language | None, typer.Option("--language", help="in which they are told")]
Email = Annotated[str | None, typer.Option(help="an address for e-mail; '' takes it away")]
Mobile = Annotated[str | None, typer.Option(help="for short messages and mentions; '' takes it away")]
Phone = Annotated[str | None, typer.Option(help="for calls, where it is not the mobile number")]
Reason = Annotated[str, typer.Option(help="why; stands in the audit")]
RoleOption = Annotated[Role | None, typer.Option(help="what they may do; without one they cannot log in")]


@app.command()
def add(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    id: Id,
    *,
    name: English = None,
    zh: Chinese = None,
    language: Lang = None,
    email: Email = None,
    mobile: Mobile = None,
    phone: Phone = None,
    role: RoleOption = None,
    reason: Reason = "",
) -> None:
    """Add a person. Without a role they may be told of alerts, but cannot log in."""
    wish = _wish(name_en=name, name_zh=zh, language=language, email=email, mobile=mobile, phone=phone)
    made = context_of(context).ask(
        "POST", "/api/v1/users", {**wish, "id": id, "role": role, "reason": reason}
    )
    typer.echo(f"{made['id']} is added{_hint(made)}")


@app.command()
def edit(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    id: Id,
    *,
    name: English = None,
    zh: Chinese = None,
    language: Lang = None,
    email: Email = None,
    mobile: Mobile = None,
    phone: Phone = None,
    role: RoleOption = None,
    no_role: Annotated[bool, typer.Option("--no-role", help="they can no longer log in")] = False,
    reason: Reason = "",
) -> None:
    """Change a person; what is left out stays as it is."""
    wish = _wish(name_en=name, name_zh=zh, language=language, email=email, mobile=mobile, phone=phone)
    if role is not None and no_role:
        raise InvalidInput("--role or --no-role, not both")
    if role is not None or no_role:
        wish["role"] = role
    if not wish:
        raise InvalidInput("nothing to change; see `user edit --help`")
    context_of(context).ask("PATCH", _path(id), {**wish, "reason": reason})
    typer.echo(f"{id} is changed")


@app.command()
def disable(
    context: typer.Context,
    id: Id,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="let them in and tell them again")] = False,
    reason: Reason = "",
) -> None:
    """Neither tell a person nor let them in any more; their tokens and sessions are void at once."""
    context_of(context).ask("PATCH", _path(id), {"disabled": not undo, "reason": reason})
    typer.echo(f"{id} is {'enabled' if undo else 'disabled'}")


@app.command()
def password(
    context: typer.Context,
    id: Id,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="take the password away")] = False,
    reason: Reason = "",
) -> None:
    """Set a person's password: asked for twice, or the first line of standard input."""
    given = None if remove else _password()
    context_of(context).ask("PUT", f"{_path(id)}/password", {"password": given, "reason": reason})
    typer.echo(f"{id} has {'no password' if remove else 'a new password'}; their sessions have ended")


@app.command("list")
def listed(context: typer.Context) -> None:
    """Everybody."""
    items = context_of(context).ask("GET", "/api/v1/users").get("items")
    table = Table("id", "name", "role", "language", "email", "mobile", "phone", "password", box=None)
    for one in items if isinstance(items, list) else []:
        table.add_row(
            one["id"],
            _name(one),
            "disabled" if one["disabled"] else one["role"] or "told only",
            one["language"],
            *(one[key] or "-" for key in ("email", "mobile", "phone")),
            "set" if one["has_password"] else "-",
        )
    Console(width=None if sys.stdout.isatty() else 200, highlight=False).print(table)


@app.command()
def show(context: typer.Context, id: Id) -> None:
    """One person."""
    one = context_of(context).ask("GET", _path(id))
    for key in ("id", "language", "email", "mobile", "phone", "role", "disabled", "has_password"):
        typer.echo(f"{key}: {one[key] if one[key] not in (None, '') else '-'}")
    typer.echo(f"name: {_name(one)}")


def _wish(**said: str | None) -> dict[str, object]:
    """What was said of a person."""
    return {key: value for key, value in said.items() if value is not None}


def _path(id: str) -> str:
    return f"/api/v1/users/{quote(id, safe='')}"


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("password", hide_input=True, confirmation_prompt=True))


def _name(one: Mapping[str, object]) -> str:
    name = one["name"]
    if not isinstance(name, dict):
        return ""
    return " / ".join(dict.fromkeys(str(text) for text in (name["en"], name["zh"]) if text))


def _hint(made: Document) -> str:
    if made["role"] is None:
        return "; without a role they may be told, but cannot log in"
    return f"; let them in with `user password {made['id']}` or `token create --person {made['id']}`"

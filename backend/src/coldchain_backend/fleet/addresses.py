"""What a fleet file may say about where somebody is reached, and where a secret is kept."""

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import WithJsonSchema

from coldchain.errors import InvalidInput
from coldchain_runtime.secrets import PLACEHOLDERS

_REFERENCE: Final = re.compile(r"file:\S.*|env:[A-Za-z_][A-Za-z0-9_]*")
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_MAILBOX: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_NUMBER: Final = re.compile(r"\+?[0-9]{5,20}")


def secret_reference(text: str) -> str:
    """Where a secret is kept: `file:PATH` or `env:NAME`; the secret itself never stands in a fleet file."""
    if _REFERENCE.fullmatch(text) is None:
        raise InvalidInput("secrets stand in a fleet file by reference only: file:PATH or env:NAME")
    if text.partition(":")[2].lower() in PLACEHOLDERS:
        raise InvalidInput(f"{text!r} is a placeholder, not the place of a secret")
    return text


def secret_address(text: str) -> str:
    """Where the address of a robot is kept: whoever knows it can write to the group, so it is a secret."""
    if text.startswith(("http://", "https://")):
        raise InvalidInput("the address of a robot is a secret: put it into a file and write file:PATH")
    return secret_reference(text)


def web_address(text: str) -> str:
    """An http or https address without user, password or fragment."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidInput(f"not an address: {error}") from error
    if parts.scheme not in {"http", "https"} or not host or not text.isprintable() or " " in text:
        raise InvalidInput(f"{text!r} is not an http or https address")
    if parts.username or parts.password or parts.fragment:
        raise InvalidInput("a webhook's address holds no user, password or fragment")
    return text


def host_name(text: str) -> str:
    """The name or address of a host, without a port."""
    if _HOST.fullmatch(text) is None:
        raise InvalidInput(f"{text!r} is not the name of a host")
    return text


def mail_address(text: str) -> str:
    """A plain address such as duty@example.org; a display name belongs to the person."""
    if _MAILBOX.fullmatch(text) is None or len(text) > 254 or ".." in text:
        raise InvalidInput(f"{text!r} is not a plain e-mail address such as duty@example.org")
    return text


def phone_number(text: str) -> str:
    """A number that can be dialled: digits, `+` first where it has a country code."""
    if _NUMBER.fullmatch(text) is None:
        raise InvalidInput(f"{text!r} is not a phone number of 5 to 20 digits, with + before a country code")
    return text


Reference = Annotated[
    str, secret_reference, WithJsonSchema({"type": "string", "pattern": f"^({_REFERENCE.pattern})$"})
]
SecretAddress = Annotated[
    str, secret_address, WithJsonSchema({"type": "string", "pattern": f"^({_REFERENCE.pattern})$"})
]
Url = Annotated[str, web_address, WithJsonSchema({"type": "string", "format": "uri"})]
Host = Annotated[str, host_name, WithJsonSchema({"type": "string", "maxLength": 253})]
Mailbox = Annotated[str, mail_address, WithJsonSchema({"type": "string", "format": "email"})]
Phone = Annotated[str, phone_number, WithJsonSchema({"type": "string", "pattern": f"^{_NUMBER.pattern}$"})]

"""A mail server for tests: takes mail, with or without TLS and signing in, or refuses it in many ways."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from support.ports import free_port


@dataclass(slots=True)
class Inbox:
    """What arrived, and what is answered to a recipient: 250 where nothing else is said.

    tls    for each mail, whether STARTTLS came before it
    """

    answers: dict[str, str] = field(default_factory=dict)
    after_data: str = "250 kept"
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    tls: list[bool] = field(default_factory=list)
    users: list[bytes] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        del server
        content = envelope.content
        assert isinstance(content, bytes)
        if self.after_data.startswith("2"):
            self.mails.append((str(envelope.mail_from), list(envelope.rcpt_tos), content))
            self.tls.append(session.ssl is not None)
        return self.after_data

    def let_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Everybody whose password is `right`."""
        del server, session, envelope, mechanism
        assert isinstance(data, LoginPassword)
        self.users.append(data.login)
        return AuthResult(success=data.password == b"right", handled=False)


@contextmanager
def mail_server(
    *, starttls: ssl.SSLContext | None = None, implicit: ssl.SSLContext | None = None, sign_in: bool = False
) -> Iterator[Inbox]:
    """Serve on a port of its own."""
    port = free_port()
    inbox = Inbox(port=port)
    how: dict[str, Any] = {}
    if sign_in:
        how = {"authenticator": inbox.let_in, "auth_required": True, "auth_require_tls": True}
    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=port,
        ssl_context=implicit,
        tls_context=starttls,
        require_starttls=starttls is not None,
        **how,
    )
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()

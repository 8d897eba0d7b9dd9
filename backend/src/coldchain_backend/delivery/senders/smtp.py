"""SMTP: one mail to one mailbox over a connection that the guard made, with TLS unless it is switched off."""

import ssl
from typing import Final

import aiosmtplib

from coldchain_backend.delivery.request import Answer, Mail, NoResponse, Response
from coldchain_backend.delivery.senders.attempts import attempted
from coldchain_backend.delivery.senders.guard import Guard

TIMEOUT_S: Final = 30.0
"""For the whole attempt: mail servers may think about a sender."""


class SmtpSender:
    """`trust`: certificates of mail servers are checked against it, and against the server's name."""

    def __init__(
        self, guard: Guard, *, timeout_s: float = TIMEOUT_S, trust: ssl.SSLContext | None = None
    ) -> None:
        self._guard, self._timeout_s = guard, timeout_s
        self._trust = trust or ssl.create_default_context()

    async def send(self, mail: Mail) -> Answer:
        """Make one attempt; never raises for what the other side or the network does."""
        return await attempted(self._deliver(mail), self._timeout_s)

    async def _deliver(self, mail: Mail) -> Answer:
        made = await self._guard.connect(mail.host, mail.port)
        server = aiosmtplib.SMTP(
            hostname=mail.host,
            sock=made,
            timeout=self._timeout_s,
            use_tls=mail.security == "implicit",
            start_tls=False,
            tls_context=self._trust,
        )
        try:
            return await self._handed_over(server, mail)
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            return Response(status=refused.code, body=refused.message.encode())
        except aiosmtplib.SMTPResponseException as error:
            return Response(status=error.code, body=error.message.encode())
        except aiosmtplib.SMTPException as error:
            return NoResponse(reason=f"{type(error).__name__}: {error}"[:300])
        finally:
            server.close()

    async def _handed_over(self, server: aiosmtplib.SMTP, mail: Mail) -> Response:
        await server.connect()
        if mail.security == "starttls":
            await server.starttls(server_hostname=mail.host, tls_context=self._trust)
        if mail.username is not None and mail.password is not None:
            await server.login(mail.username, mail.password.reveal())
        _, said = await server.sendmail(mail.sender, [mail.recipient], mail.message)
        return Response(status=250, body=said.encode()[:1000])

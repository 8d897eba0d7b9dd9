"""E-mail: plain text and HTML, one message for each mailbox, threaded by the alert."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from typing import Final

from coldchain_backend.delivery.answers import said_in
from coldchain_backend.delivery.cutting import cut
from coldchain_backend.delivery.request import Answer, Fate, Mail, NoResponse, Outcome, Part
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.delivery.wording import Fact, Message, message_of
from coldchain_backend.fleet import Email

MAX_SUBJECT: Final = 200


def compose(telling: Telling) -> tuple[Part, ...]:
    """One mail for each mailbox of `to` and each person who has one; the same bytes but for To."""
    settings, message = telling.settings(Email), message_of(telling)
    people = [(one.id, Address(one.name, addr_spec=one.email)) for one in telling.people if one.email]
    functions = [(f"to-{number}", Address(addr_spec=one)) for number, one in enumerate(settings.to)]
    return tuple(
        Part(
            key=key,
            call=Mail(
                host=settings.host,
                port=settings.port,
                security=settings.security,
                sender=settings.sender,
                recipient=to.addr_spec,
                message=written(telling, message, settings.sender, to),
                username=settings.username,
                password=telling.secrets.get("password"),
            ),
        )
        for key, to in (*functions, *people)
    )


def read(answer: Answer, telling: Telling) -> Outcome:
    """2xx: the server has it. 4xx passes (grey-listing, load), 5xx needs a person."""
    del telling
    if isinstance(answer, NoResponse):
        return Outcome(fate=Fate.SLOW if answer.forbidden else Fate.RETRY, reason=answer.reason)
    reason = f"SMTP {answer.status}: {said_in(answer)}"
    if 200 <= answer.status < 300:
        return Outcome(fate=Fate.DELIVERED, reason=reason)
    return Outcome(fate=Fate.RETRY if 400 <= answer.status < 500 else Fate.SLOW, reason=reason)


def written(telling: Telling, message: Message, sender: str, to: Address) -> bytes:
    """The message as it goes over the wire."""
    notice, domain = telling.notice, sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address("Coldchain", addr_spec=sender)
    mail["To"] = to
    mail["Subject"] = cut(" ".join(message.title.split()), MAX_SUBJECT)
    mail["Date"] = format_datetime(datetime.fromtimestamp(telling.now_ms // 1000, UTC))
    mail["Message-ID"] = f"<{telling.id}.{_short(to.addr_spec)}@{domain}>"
    if notice.alert:
        mail["References"] = f"<{notice.alert}.{_short(to.addr_spec)}@{domain}>"
        mail["In-Reply-To"] = mail["References"]
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if notice.critical and not notice.ended:
        mail["Importance"] = "high"
    mail.set_content("\n".join((message.text, "", *message.lines())) + "\n", cte="base64")
    mail.add_alternative(_html(message), subtype="html", cte="base64")
    if mail.is_multipart():
        mail.set_boundary(f"=_{sha256(telling.id.encode()).hexdigest()[:32]}")
    return mail.as_bytes()


def _html(message: Message) -> str:
    rows = "".join(
        f"<tr><th align=left>{escape(one.label)}</th><td>{_cell(one)}</td></tr>" for one in message.facts
    )
    button = ""
    if message.acknowledge is not None:
        button = f'<p><a href="{escape(message.acknowledge)}">{escape(message.button)}</a></p>'
    return (
        f"<!doctype html><html><body><h2>{escape(message.title)}</h2><p>{escape(message.text)}</p>"
        f"{button}<table>{rows}</table></body></html>"
    )


def _cell(fact: Fact) -> str:
    text = escape(fact.text)
    return text if fact.url is None else f'<a href="{escape(fact.url)}">{text}</a>'


def _short(address: str) -> str:
    """Tells mailboxes apart without naming them."""
    return sha256(address.encode()).hexdigest()[:8]

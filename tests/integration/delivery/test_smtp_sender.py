"""Mail against a real mail server: TLS both ways, signing in, refusals, a server that says nothing."""

import asyncio
import ssl
from email import message_from_bytes
from email.policy import default

import pytest

from coldchain_backend.delivery import Guard
from coldchain_backend.delivery.request import Answer, Fate, Mail, NoResponse
from coldchain_backend.delivery.senders.smtp import SmtpSender
from coldchain_backend.fleet import Email
from coldchain_runtime.secrets import Secret
from support.certificates import Certificate, certificate, days_from_now
from support.look_ups import LOCAL, Names
from support.mail_server import mail_server
from support.ports import free_port
from support.tellings import composed, judged


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("mail"), begins=days_from_now(-1), ends=days_from_now(1))


def mail(
    port: int, security: str = "none", password: str | None = None, to: str = "duty@corp.example"
) -> Mail:
    """The first mail of the channel, to a server on this machine."""
    settings = Email(host="localhost", port=port, sender="cold@corp.example", security="none", to=(to,))
    call = composed("email", settings=settings, people=())[0].call
    assert isinstance(call, Mail)
    return Mail(
        host="localhost",
        port=port,
        security=security,
        sender=call.sender,
        recipient=to,
        message=call.message,
        username=None if password is None else "cold",
        password=None if password is None else Secret(password),
    )


async def send(
    call: Mail, trust: ssl.SSLContext | None = None, *, timeout_s: float = 10, allow: tuple[str, ...] = LOCAL
) -> Answer:
    guard = Guard(allow, look_up=Names(localhost=[["127.0.0.1"]]))
    try:
        return await SmtpSender(guard, timeout_s=timeout_s, trust=trust).send(call)
    finally:
        guard.close()


async def test_a_mail_arrives_whole_with_both_forms() -> None:
    with mail_server() as inbox:
        answer = await send(mail(inbox.port))
        assert judged("email", answer).fate is Fate.DELIVERED
        [(sender, to, content)] = inbox.mails
    assert (sender, to) == ("cold@corp.example", ["duty@corp.example"])
    found = message_from_bytes(content, policy=default)
    kinds = [part.get_content_type() for part in found.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]
    body = found.get_body(("plain",))
    assert body is not None
    assert "将货物转移到二号冷库。" in body.get_content()
    assert str(found["Subject"]) == "报警 · 新 · 一号车 · 货厢 · 尾部"


@pytest.mark.parametrize("security", ["starttls", "implicit"])
async def test_over_tls_the_name_of_the_server_is_checked(files: Certificate, security: str) -> None:
    trust = ssl.create_default_context(cafile=str(files.cert))
    context = files.server()
    starttls, implicit = (context, None) if security == "starttls" else (None, context)
    with mail_server(starttls=starttls, implicit=implicit) as inbox:
        assert judged("email", await send(mail(inbox.port, security), trust)).fate is Fate.DELIVERED
        assert inbox.tls == [security == "starttls"]
        stranger = await send(mail(inbox.port, security), ssl.create_default_context())
        assert isinstance(stranger, NoResponse)
        assert len(inbox.mails) == 1


@pytest.mark.parametrize(("password", "fate"), [("right", Fate.DELIVERED), ("wrong", Fate.SLOW)])
async def test_signing_in(files: Certificate, password: str, fate: Fate) -> None:
    trust = ssl.create_default_context(cafile=str(files.cert))
    with mail_server(starttls=files.server(), sign_in=True) as inbox:
        outcome = judged("email", await send(mail(inbox.port, "starttls", password), trust))
        assert inbox.users[0] == b"cold"
    assert outcome.fate is fate
    assert password not in outcome.reason


async def test_a_server_without_tls_gets_nothing_where_tls_is_wanted() -> None:
    with mail_server() as inbox:
        answer = await send(mail(inbox.port, "starttls", "right"))
        assert judged("email", answer).fate is Fate.RETRY
        assert inbox.mails == []
        assert inbox.users == []


@pytest.mark.parametrize(
    ("answer", "fate"),
    [("450 grey-listed, come back", Fate.RETRY), ("550 no such user", Fate.SLOW), ("452 full", Fate.RETRY)],
)
async def test_what_a_server_says_of_a_recipient_stands_in_the_reason(answer: str, fate: Fate) -> None:
    with mail_server() as inbox:
        inbox.answers["duty@corp.example"] = answer
        outcome = judged("email", await send(mail(inbox.port)))
    assert outcome.fate is fate
    assert answer.partition(" ")[2] in outcome.reason


async def test_a_refusal_behind_the_text_is_no_delivery() -> None:
    with mail_server() as inbox:
        inbox.after_data = "554 looks like spam"
        outcome = judged("email", await send(mail(inbox.port)))
    assert (outcome.fate, outcome.reason) == (Fate.SLOW, "SMTP 554: looks like spam")


@pytest.mark.acceptance("T10")
async def test_a_mail_server_at_a_private_address_is_refused() -> None:
    with mail_server() as inbox:
        answer = await send(mail(inbox.port), allow=())
        assert isinstance(answer, NoResponse)
        assert answer.forbidden
        assert inbox.mails == []


@pytest.mark.parametrize("said", [b"", b"2", b"220-a\r\n", b"\xff\xfe\r\n"])
async def test_a_server_that_says_nothing_sensible_ends_with_a_reason(said: bytes) -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read()
        writer.close()
        ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        answer = await send(mail(server.sockets[0].getsockname()[1]), timeout_s=0.5)
        await asyncio.wait_for(ended.wait(), 10)
    assert judged("email", answer).fate in (Fate.RETRY, Fate.SLOW)


async def test_a_closed_port_is_a_reason() -> None:
    answer = await send(mail(free_port()))
    assert isinstance(answer, NoResponse)
    assert not answer.forbidden

"""The long tail through the apprise library: a title and a text."""

from coldchain_backend.delivery.request import Answer, Fate, NoResponse, Note, Outcome, Part
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.delivery.wording import message_of
from coldchain_backend.fleet import Apprise


def compose(telling: Telling) -> tuple[Part, ...]:
    """One note."""
    telling.settings(Apprise)
    message = message_of(telling)
    text = "\n".join((message.text, *message.lines()))
    return (Part(call=Note(url=telling.secrets["url"], title=message.title, text=text)),)


def read(answer: Answer, telling: Telling) -> Outcome:
    """Delivered is what apprise says was; many of its plugins judge by the HTTP status alone."""
    del telling
    if isinstance(answer, NoResponse):
        return Outcome(fate=Fate.SLOW if answer.forbidden else Fate.RETRY, reason=answer.reason)
    return Outcome(fate=Fate.DELIVERED, reason="handed over")

"""Calls that read a text aloud, through a provider's HTTP API."""

from coldchain_backend.delivery.provider import judged, requests
from coldchain_backend.delivery.request import Answer, Outcome, Part
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.fleet import Voice


def compose(telling: Telling) -> tuple[Part, ...]:
    """One call for each number; nobody is rung up to hear that it is over or that somebody took notice."""
    settings = telling.settings(Voice)
    if not telling.notice.calls:
        return ()
    return requests(telling, settings, lambda person: person.phone or person.mobile)


def read(answer: Answer, telling: Telling) -> Outcome:
    """2xx, and what the provider's body must say."""
    return judged(answer, telling, telling.settings(Voice).success)

"""Text messages through a provider's HTTP API."""

from coldchain_backend.delivery.provider import judged, requests
from coldchain_backend.delivery.request import Answer, Outcome, Part
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.fleet import Sms


def compose(telling: Telling) -> tuple[Part, ...]:
    """One request for each number."""
    return requests(telling, telling.settings(Sms), lambda person: person.mobile)


def read(answer: Answer, telling: Telling) -> Outcome:
    """2xx, and what the provider's body must say."""
    return judged(answer, telling, telling.settings(Sms).success)

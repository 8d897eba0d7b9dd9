"""The list of deliveries: what is asked for in its address, and each line in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final
from urllib.parse import urlencode

import orjson

from coldchain_backend.delivery.queue import DeliveryState
from coldchain_backend.fleet import Plan
from coldchain_backend.sql.letters import Letter, LetterOrder
from coldchain_backend.sql.letters import Wanted as WantedLetters
from coldchain_backend.web.console.alert_list import Choice, choice, day_ms, typed
from coldchain_backend.web.console.veiled import veiled_text
from coldchain_backend.web.console.wording import Wording

EVERY: Final = "any"
PER_PAGE: Final = 50
MOST_PAGES: Final = 200
REPLAYED: Final = frozenset({DeliveryState.DEAD, DeliveryState.DELIVERED})
"""What may be sent again; the rest is still on its way."""

SIGNS: Final = {
    DeliveryState.DEAD: "alarm",
    DeliveryState.HELD: "warning",
    DeliveryState.DELIVERED: "in_limits",
    DeliveryState.QUEUED: "other",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What stands in the address, as it was typed; nonsense counts as nothing asked. Dead letters by default.

    since, until   local days of the zone in which times are shown
    """

    state: str = DeliveryState.DEAD.value
    receiver: str = ""
    alert: str = ""
    said: str = ""
    since: str = ""
    until: str = ""
    sort: str = ""
    page: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """Read an address, or the hidden fields of a form."""
        known = typed(fields(cls), query)
        if known.get("state") != EVERY and choice(DeliveryState, known.get("state", "")) is None:
            known.pop("state", None)
        return cls(**known)

    @property
    def narrowed(self) -> bool:
        """Whether anything beside the state is asked for."""
        return any((self.receiver, self.alert, self.said, self.since, self.until))

    @property
    def order(self) -> LetterOrder:
        """How it is sorted."""
        return choice(LetterOrder, self.sort) or LetterOrder.NEWEST

    @property
    def number(self) -> int:
        """The page, from 0."""
        digits = self.page.isascii() and self.page.isdecimal()
        return min(int(self.page), MOST_PAGES) if digits else 0

    def query(self, **changed: str) -> str:
        """The address's query with some parts changed; another order or filter begins at the first page."""
        parts = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "page"} | changed
        if parts["state"] == DeliveryState.DEAD:
            parts["state"] = ""
        return urlencode({name: value for name, value in parts.items() if value})

    def wanted(self, time_zone: str) -> WantedLetters:
        """What to look for."""
        return WantedLetters(
            receiver=self.receiver or None,
            alert=self.alert or None,
            state=None if self.state == EVERY else DeliveryState(self.state),
            from_ms=day_ms(self.since, time_zone, 0),
            to_ms=day_ms(self.until, time_zone, 1),
            said=self.said or None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLetter:
    """A delivery in words; `text` is what was to be told, `channel` empty for a receiver that is no more."""

    id: str
    alert: str
    receiver: str
    channel: str
    text: str
    state: str
    sign: str
    queued: str
    attempts: int
    said: str
    critical: bool
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterTeller:
    """Says deliveries in a language, by the receivers of the plan in force, in one time zone."""

    wording: Wording
    plan: Plan
    time_zone: str

    def shown(self, letter: Letter, document: bytes) -> ShownLetter:
        """One delivery with its document."""
        receiver, w = self.plan.receiver(letter.receiver), self.wording
        return ShownLetter(
            id=letter.id,
            alert=letter.alert,
            receiver=letter.receiver,
            channel="" if receiver is None else receiver.kind,
            text=_text(document, w) or letter.alert,
            state=letter.state.value,
            sign=SIGNS[letter.state],
            queued=w.exact(letter.created_ms, self.time_zone),
            attempts=letter.attempts,
            said=veiled_text(letter.last_error or ""),
            critical=letter.critical,
            again=letter.state in REPLAYED,
        )


def choices(plan: Plan, gone: Sequence[str], wording: Wording) -> Mapping[str, Sequence[Choice]]:
    """What can be chosen; `gone`: receivers that have deliveries and are no longer in the plan."""
    w = wording
    names = [one.name for one in plan.receivers]
    names += [name for name in sorted(gone) if name not in set(names)]
    states = [Choice(value=one.value, text=w.say(f"queue_{one.value}")) for one in DeliveryState]
    return {
        "state": [*states, Choice(value=EVERY, text=w.say("any"))],
        "receiver": [
            Choice(value="", text=w.say("any")),
            *(Choice(value=name, text=name) for name in names),
        ],
        "sort": [Choice(value=one.value, text=w.say(f"order_{one.value}")) for one in LetterOrder],
    }


def _text(document: bytes, wording: Wording) -> str:
    """The sentence of a document in the language of the page; empty where it has none."""
    try:
        body = orjson.loads(document)
    except orjson.JSONDecodeError:
        return ""
    data = body.get("data") if isinstance(body, dict) else None
    said = data.get("text") if isinstance(data, dict) else None
    if isinstance(said, dict):
        said = said.get(wording.language.value)
    return veiled_text(said) if isinstance(said, str) else ""

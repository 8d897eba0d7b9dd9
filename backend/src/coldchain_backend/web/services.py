"""What API and page work with, made once by the application and handed to every request."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, HTTPException, Request, Response

from coldchain.words import Language
from coldchain_backend.access import AuditBook, Links, PeopleKeeper, Right
from coldchain_backend.fleet import Fleet
from coldchain_backend.fleetfile import FleetBook
from coldchain_backend.judging import Answers
from coldchain_backend.ledger import Ledger
from coldchain_backend.web.vitals import Part
from coldchain_runtime.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySeen:
    """A gateway as the server knows it; `key` is the fingerprint of its admitted key."""

    name: str
    asset: str | None = None
    key: str | None = None
    revoked: bool = False
    heard_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the data takes on its disk, in bytes; None where growth is not known or not foreseeable yet.

    `series`: readings, in the database's file or beside it; `database`: the rest of it. `grows`: bytes a day
    of each store by its name, as far as they are known.
    """

    ledger: int
    series: int
    database: int
    others: int
    disk_total: int
    disk_free: int
    bytes_per_day: float | None
    days_until_full: float | None
    grows: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatSeen:
    """A beat that is expected from outside: when it last came, and from when on it is missed; ms UTC."""

    name: str
    last_ms: int
    due_ms: int
    missed: bool


class Beats(Protocol):
    """Beats that are expected from outside."""

    def all(self) -> Sequence[BeatSeen]:
        """Every expected beat, by name."""
        ...

    async def note(self, name: str) -> bool:
        """One came; false for a name that is not expected."""
        ...


ROLE_REFUSED = "your role does not allow this"


class Person(Protocol):
    """Who asks; every act carries the name."""

    @property
    def name(self) -> str:
        """The person's name."""
        ...

    @property
    def person(self) -> str:
        """The id of the user; empty for somebody who is known by name only."""
        ...

    @property
    def role(self) -> str:
        """The role's word."""
        ...

    def may(self, right: Right) -> bool:
        """Whether the role allows something."""
        ...


class News(Protocol):
    """Tells when judging has committed something."""

    @property
    def count(self) -> int:
        """How many commits there were so far."""
        ...

    async def wait(self, after: int) -> int:
        """Return the count once it is above `after`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """book         the fleet in force, and the way to apply a new version
    gateways     all that are declared or enrolled, by name
    people       who may be told and who may log in
    audit        who changed people, passwords and tokens
    identify     who asks, by token or session; raises the 401 without telling why
    end_session  forgets the session of a request and its cookie
    room         what the data takes on its disk; reads the folder, so ask it outside the event loop
    vitals       how each part of the server is; reads files, so ask it outside the event loop
    beats        what is expected to call in from outside
    links        signed links and codes for acknowledging from outside
    """

    organisation: str
    clock: Clock
    ledger: Ledger
    answers: Answers
    news: News
    book: FleetBook
    people: PeopleKeeper
    audit: AuditBook
    gateways: Callable[[], Mapping[str, GatewaySeen]]
    identify: Callable[[Request], Awaitable[Person]]
    end_session: Callable[[Request, Response], Awaitable[None]]
    room: Callable[[], Room]
    links: Links
    vitals: Callable[[], Sequence[Part]]
    beats: Beats

    def fleet(self) -> Fleet:
        """All fleet versions that are durable."""
        return self.book.fleet

    def called(self, language: Language) -> Callable[[str], str]:
        """Gives a person's name for the id that stands in an act, or the id itself where nobody has it."""

        def name(id: str) -> str:
            person = self.people.person(id)
            return id if person is None else person.name.in_(language)

        return name

    def fleet_in_force(self) -> Fleet:
        """The fleet with what schedules and inputs say about zones, as far as it is judged."""
        judged, newest = self.answers.fleet(), self.book.fleet
        return judged if judged.current.number >= newest.current.number else newest


def services_of(request: Request) -> Services:
    """The services of the application that a request came to."""
    services: Services = request.app.state.services
    return services


async def _services(request: Request) -> Services:
    return services_of(request)


Wanted = Annotated[Services, Depends(_services)]


async def person_of(request: Request) -> Person:
    """The person whom the table of rights let through. Raises the 401 where it let anybody."""
    person: Person | None = getattr(request.state, "person", None)
    if person is None:
        raise HTTPException(401)
    return person


Asker = Annotated[Person, Depends(person_of)]
"""Who asks; that they may is decided by the table in `rights`, for every route."""

"""Delivery in the running backend: its wires, what it asks, and whom it tells of its own troubles."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from fastapi import FastAPI

from coldchain_backend import sql
from coldchain_backend.app.web import Ground
from coldchain_backend.delivery import Attempts, Courier, CourierPorts, Guard, Senders
from coldchain_backend.delivery.rounds import run_rounds
from coldchain_backend.fleet import Plan, receivers_ever
from coldchain_backend.ledger import Json, MarkName
from coldchain_backend.web.post import Post


class Announced:
    """Writes service marks, from which judging makes alerts."""

    def __init__(self, mark: Callable[[MarkName, dict[str, Json]], Awaitable[None]]) -> None:
        self._mark = mark

    async def failing(self, receiver: str, reason: str) -> None:
        """A receiver has not been reached for long."""
        details: dict[str, Json] = {"receiver": receiver}
        await self._mark(MarkName.DELIVERY_FAILING, {**details, "reason": reason} if reason else details)

    async def recovered(self, receiver: str) -> None:
        """It has been reached again."""
        await self._mark(MarkName.DELIVERY_RECOVERED, {"receiver": receiver})

    async def undelivered(self, receiver: str, alerts: Sequence[str]) -> None:
        """Something critical has not arrived: the desk tells somebody else."""
        await self._mark(MarkName.UNDELIVERED, {"receiver": receiver, "alerts": list(alerts)})


class Mail:
    """Wires, attempts and the courier of a running backend; closes its wires at the end."""

    def __init__(
        self, ground: Ground, database: sql.Database, guard: Guard, senders: Senders, told: Announced
    ) -> None:
        self._ground, self._database, self._told = ground, database, told
        self._guard, self._senders = guard, senders
        self._known: tuple[int, Plan] | None = None
        self._attempts = Attempts(
            sender=self._senders,
            clock=ground.clock,
            folder=ground.settings.folder,
            people=ground.people,
            link=ground.links.acknowledge,
        )

    @classmethod
    def of(
        cls,
        ground: Ground,
        database: sql.Database,
        mark: Callable[[MarkName, dict[str, Json]], Awaitable[None]],
    ) -> Self:
        """As the configuration says."""
        wanted = ground.settings.config.delivery
        guard = Guard(wanted.allow_private)
        senders = Senders.behind(guard, apprise=wanted.apprise)
        return cls(ground, database, guard, senders, Announced(mark))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._senders.__aexit__(kind, error, trace)

    @property
    def senders(self) -> Senders:
        """The wires."""
        return self._senders

    async def deliver(self) -> None:
        """Send what judging decided to tell, until cancelled."""
        ground = self._ground
        ports = CourierPorts(
            queue=sql.DeliveryQueue(self._database),
            standings=sql.StandingBook(self._database),
            attempts=self._attempts,
            clock=ground.clock,
            plan=self._plan,
            announce=self._told,
            random=random.Random(),  # noqa: S311 - jitter
        )
        courier = Courier(ports, overdue_ms=ground.settings.config.delivery.overdue_after)
        await run_rounds(courier, ground.clock, ground.vitals.at_each_round(ground.news.wait))

    def _plan(self) -> Plan:
        """The plan in force, with receivers that left it: they are owed the ends of what they heard."""
        fleet = self._ground.book.fleet
        if self._known is None or self._known[0] != fleet.current.number:
            everybody = tuple(receivers_ever(fleet).values())
            self._known = (fleet.current.number, replace(fleet.plan, receivers=everybody))
        return self._known[1]

    def shown_by(self, app: FastAPI) -> FastAPI:
        """Let an application show deliveries and try receivers."""
        settings = self._ground.settings
        app.state.post = Post(
            letters=sql.Letters(self._database),
            standings=sql.StandingBook(self._database),
            attempts=self._attempts,
            resolve=self._guard.public,
            public_url=settings.config.backend.public_url,
            links_begin=settings.public_url,
        )
        return app

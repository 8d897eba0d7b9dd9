"""A changed gateway.toml applied by difference: checked, compared, only what changed restarted, rolled back.

Deciding is `plan`; `Reloader` obeys. What a running process cannot change (its name, its data folder) is
refused whole; nothing of such a file is applied.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final, Protocol

from coldchain.errors import ColdchainError, Refused
from coldchain_gateway.config import GatewayConfig, GatewaySection, Settings, load
from coldchain_runtime.logs import Log

from .ground import Ground
from .wires import Wanted, Wires, wanted

# A changed driver that fails within this time is not taken.
TRIAL_S: Final = 2.0
TRIAL_LOOK_S: Final = 0.2
TUNABLE: Final = frozenset({"seal_after", "outbox_cap", "free_space_floor", "keep_acknowledged"})
log = Log("gateway.reload")


class ReloadFate(StrEnum):
    """What came of a reload."""

    UNCHANGED = "unchanged"
    APPLIED = "applied"
    REFUSED = "refused"  # the file is wrong or needs a restart; nothing was touched
    ROLLED_BACK = "rolled_back"  # it could not start; what ran before runs again


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadResult:
    """What the last reload did; `number` counts them from the start of the process."""

    number: int
    fate: ReloadFate
    changes: tuple[str, ...]
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The difference between what runs and what is wanted."""

    removed: tuple[str, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    sections: tuple[str, ...]  # other tables that changed and can be applied
    fixed: tuple[str, ...]  # keys that only a restart changes

    @property
    def empty(self) -> bool:
        return not (self.removed or self.added or self.changed or self.sections or self.fixed)

    def lines(self) -> tuple[str, ...]:
        """The plan for people."""
        return (
            *(f"source {name} removed" for name in self.removed),
            *(f"source {name} added" for name in self.added),
            *(f"source {name} changed" for name in self.changed),
            *(f"[{name}] changed" for name in self.sections),
        )


class Section(Protocol):
    """A table of the file that can be applied to the running program."""

    async def apply(self, settings: Settings) -> None:
        """Go on by these settings. Raises ColdchainError or OSError if that cannot start."""


def plan(old: Settings, new: Settings, runs: Mapping[str, Wanted], appliable: frozenset[str]) -> Plan:
    """What is different. `appliable`: tables that have a Section."""
    wants = wanted(new)
    changed_tables = [
        field.name
        for field in fields(GatewayConfig)
        if field.name not in {"gateway", "source"}
        and getattr(old.config, field.name) != getattr(new.config, field.name)
    ]
    changed_keys = [
        field.name
        for field in fields(GatewaySection)
        if getattr(old.config.gateway, field.name) != getattr(new.config.gateway, field.name)
    ]
    fixed_keys = [f"gateway.{key}" for key in changed_keys if key not in {*TUNABLE, "template_dirs"}]
    tuned = ["gateway"] if TUNABLE & set(changed_keys) else []
    return Plan(
        removed=tuple(name for name in runs if name not in wants),
        added=tuple(name for name in wants if name not in runs),
        changed=tuple(name for name in wants if name in runs and runs[name] != wants[name]),
        sections=(*tuned, *(name for name in changed_tables if name in appliable)),
        fixed=(*fixed_keys, *(f"[{name}]" for name in changed_tables if name not in appliable)),
    )


class Reloader:
    """Applies files one after another; `result` is the last one's."""

    def __init__(self, ground: Ground, wires: Wires, sections: Mapping[str, Section]) -> None:
        """`sections`: who applies which table of the file."""
        self._ground = ground
        self._wires = wires
        self._sections = sections
        self._lock = asyncio.Lock()
        self.result: ReloadResult | None = None

    async def reload(self) -> None:
        """Read the file and go on by it, or by what ran before."""
        async with self._lock:
            number = 1 if self.result is None else self.result.number + 1
            self.result = await self._outcome(number)
            fate, changes = self.result.fate.value, "; ".join(self.result.changes)
            if self.result.fate in (ReloadFate.APPLIED, ReloadFate.UNCHANGED):
                log.event("reload.done", fate=fate, changes=changes)
            else:
                log.error("reload.not_applied", fate=fate, changes=changes, reason=self.result.message)

    async def _outcome(self, number: int) -> ReloadResult:
        old = self._ground.settings
        try:
            new = load(old.file)
            todo = plan(old, new, self._wires.wants(), frozenset(self._sections))
            if todo.fixed:
                raise Refused(f"{', '.join(todo.fixed)} changed: that needs a restart; nothing was applied")
        except (ColdchainError, OSError) as error:
            return ReloadResult(number=number, fate=ReloadFate.REFUSED, changes=(), message=str(error))
        if todo.empty:
            self._ground.settings = new
            return ReloadResult(number=number, fate=ReloadFate.UNCHANGED, changes=())
        try:
            await self._apply(todo, old, new)
        except (ColdchainError, OSError) as error:
            return ReloadResult(
                number=number, fate=ReloadFate.ROLLED_BACK, changes=todo.lines(), message=str(error)
            )
        self._ground.settings = new
        return ReloadResult(number=number, fate=ReloadFate.APPLIED, changes=todo.lines())

    async def _apply(self, todo: Plan, old: Settings, new: Settings) -> None:
        """Raises what kept it from starting, having put everything back."""
        undo: list[Callable[[], Awaitable[None]]] = []
        try:
            await self._exchange(todo, new, undo)
            for name in todo.sections:
                undo.append(_applied(self._sections[name], old))
                await self._sections[name].apply(new)
        except (ColdchainError, OSError):
            for step in reversed(undo):
                await step()
            raise

    async def _exchange(self, todo: Plan, new: Settings, undo: list[Callable[[], Awaitable[None]]]) -> None:
        wants, before = wanted(new), self._wires.wants()
        fresh = {name: self._wires.make(wants[name]) for name in (*todo.added, *todo.changed)}
        ran = {name for name in todo.changed if self._wires.running(name)}

        async def put_back() -> None:
            for name in fresh:
                await self._wires.stop(name)
            for name in (*todo.removed, *todo.changed):
                self._wires.start(name, before[name], self._wires.make(before[name]))

        undo.append(put_back)
        for name in (*todo.removed, *todo.changed):
            await self._wires.stop(name)
        for name, driver in fresh.items():
            self._wires.start(name, wants[name], driver)
        await self._try(ran | set(todo.added))

    async def _try(self, names: set[str]) -> None:
        """A driver that ran before, or is new, must not fail at once."""
        for _ in range(round(TRIAL_S / TRIAL_LOOK_S) if names else 0):
            await self._ground.clock.sleep(TRIAL_LOOK_S)
            for name in sorted(names):
                status = self._wires.state(name)
                if status is not None and status.restarts:
                    raise Refused(f"source {name} does not start: {status.error}")


def _applied(section: Section, settings: Settings) -> Callable[[], Awaitable[None]]:
    async def apply() -> None:
        await section.apply(settings)

    return apply

"""Which drivers run: started, stopped and exchanged one by one as the configuration changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coldchain.backoff import Backoff
from coldchain_gateway.config import Settings
from coldchain_gateway.contracts import Intake, Source, SourceReport
from coldchain_gateway.sources import SourceConfig, open_source, quiet_limit_ms
from coldchain_runtime.clock import Clock
from coldchain_runtime.supervisor import LoopState, LoopStatus, Supervisor

from .drivers import Driver

# A wire that was plugged in again is open within 5 s.
REOPEN: Final = Backoff(base_ms=200, cap_ms=3_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """All that decides how a source runs; equal means that it need not be touched."""

    config: SourceConfig
    folder: Path
    template_dirs: tuple[Path, ...]
    templates: tuple[tuple[str, bytes], ...]  # the local ones, where this kind reads any


def wanted(settings: Settings) -> dict[str, Wanted]:
    """The sources that the settings ask for, by name."""
    folder = settings.file.absolute().parent
    local = _local_templates(settings.template_dirs)
    return {
        config.name: Wanted(
            config=config,
            folder=folder,
            template_dirs=settings.template_dirs,
            templates=local if config.kind.startswith("modbus") else (),
        )
        for config in settings.config.source
    }


class Wires:
    """The drivers by name; each runs in the program's supervisor as `source.<name>`."""

    def __init__(self, clock: Clock, intake: Intake, loops: Supervisor) -> None:
        self._clock = clock
        self._intake = intake
        self._loops = loops
        self._drivers: dict[str, tuple[Wanted, Driver]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._drivers)

    def wants(self) -> dict[str, Wanted]:
        """What runs now."""
        return {name: wanted for name, (wanted, _) in self._drivers.items()}

    def make(self, want: Wanted) -> Driver:
        """A driver that does not run yet. Raises ConfigError."""

        def opened() -> Source:
            return open_source(
                want.config, clock=self._clock, template_dirs=want.template_dirs, folder=want.folder
            )

        limit_ms = quiet_limit_ms(want.config)
        limit_s = None if limit_ms is None else limit_ms / 1000
        return Driver(opened, self._intake, self._clock, quiet_limit_s=limit_s)

    def start(self, name: str, want: Wanted, driver: Driver) -> None:
        """Let it run."""
        self._drivers[name] = (want, driver)
        self._loops.start(f"source.{name}", driver.run, backoff=REOPEN)

    async def stop(self, name: str) -> None:
        """End it and forget it."""
        await self._loops.stop(f"source.{name}")
        self._drivers.pop(name, None)

    def state(self, name: str) -> LoopStatus | None:
        """How its loop is; None where there is none."""
        return next((loop for loop in self._loops.status if loop.name == f"source.{name}"), None)

    def running(self, name: str) -> bool:
        """Whether it runs and is not waiting for its next attempt."""
        status = self.state(name)
        return status is not None and status.state is LoopState.RUNNING

    def remarks(self) -> dict[str, str]:
        """What the drivers have to say about their wires, by name."""
        return {name: driver.remark for name, (_, driver) in self._drivers.items() if driver.remark}

    def reports(self) -> dict[str, SourceReport]:
        """What sources say of themselves, those that can."""
        told = {name: driver.report() for name, (_, driver) in self._drivers.items()}
        return {name: report for name, report in told.items() if report is not None}

    def beyond_cure(self) -> Sequence[str]:
        """Drivers that only a new process mends."""
        return [name for name, (_, driver) in self._drivers.items() if driver.beyond_cure]


def _local_templates(folders: Sequence[Path]) -> tuple[tuple[str, bytes], ...]:
    """The operator's own register maps, so that a changed one is noticed."""
    files = [file for folder in folders for file in sorted(folder.glob("*.toml"))]
    return tuple((str(file), file.read_bytes()) for file in files)

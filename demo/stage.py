"""The one starter of real processes: broker, backend, gateway and simulator on free ports, and beside
them, in this process, the uplink's network and a webhook receiver.

    with Stage(StageSettings(directory=folder)) as stage:
        stage.kill("gateway"); stage.start("gateway")
        stage.uplink.cut(); stage.uplink.mend()
        stage.api.get("/api/v1/board"); stage.receiver.once(); stage.truth()

Leaving the block ends everything in reverse order; nothing outlives this process, however it ends.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from demo import broker
from demo.api import ready
from demo.broker import Kind as BrokerKind
from demo.desk import Desk
from demo.grounds import HERE, ORDER, Name, StageSettings
from demo.ports import LOCAL, free_port, listens
from demo.programs import Program, installed
from demo.proxy import Uplink
from demo.receiver import Receiver, new_secret
from demo.waiting import LOOK_EVERY_S, wait_for

START_WITHIN_S = 30.0
T = TypeVar("T")

__all__ = ["HERE", "ORDER", "Name", "Stage", "StageSettings"]


@dataclass(slots=True)
class Stage(Desk):
    """Everything that runs, by name."""

    broker_kind: BrokerKind = field(init=False)
    receiver: Receiver = field(init=False)
    uplink: Uplink = field(init=False)
    programs: dict[Name, Program] = field(default_factory=dict, init=False)
    _started_ns: dict[Name, int] = field(default_factory=dict, init=False)
    _closing: ExitStack = field(default_factory=ExitStack, init=False)

    def start(self, name: Name) -> None:
        """Start a program and wait until it serves; nothing happens when it runs."""
        program = self.programs[name]
        self._started_ns[name] = time.time_ns()
        program.start()
        self.until(f"{name} serves", lambda: self._serves(name), within_s=START_WITHIN_S, alive=(name,))

    def stop(self, name: Name) -> None:
        """End a program in order."""
        self.programs[name].stop()

    def kill(self, name: Name) -> None:
        """End a program as kill -9 does."""
        self.programs[name].kill()

    def until(
        self,
        what: str,
        look: Callable[[], T | None],
        *,
        within_s: float,
        alive: tuple[Name, ...] = (),
        every_s: float = LOOK_EVERY_S,
    ) -> T:
        """Wait for something; ProgramFailed at once when one of the programs named ends meanwhile."""

        def watched() -> T | None:
            for name in alive:
                self.programs[name].check()
            return look()

        return wait_for(what, watched, within_s=within_s, every_s=every_s)

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._closing.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def _open(self) -> None:
        for folder in (self.directory / "logs", self.simulator_out):
            folder.mkdir(parents=True, exist_ok=True)
        self._take_ports()
        self._start_own()
        self._prepare_programs()
        for name in self.settings.starts:
            self.start(name)
            if name == "backend":
                self._introduce()

    def _introduce(self) -> None:
        """Fleet and code are asked for at the same time: commands take most of their time to load."""
        with ThreadPoolExecutor(max_workers=1) as beside:
            applied = beside.submit(self.apply_fleet)
            if not (self.gateway_data / "token").exists():
                self.enroll_gateway(self.one_time_code())
            applied.result()

    def _take_ports(self) -> None:
        usual = {"mqtt": 1883, "backend": 8080, "receiver": 9100, "uplink": 0}
        self.ports = {
            name: free_port(port if self.settings.usual_ports else 0) for name, port in usual.items()
        }

    def _start_own(self) -> None:
        """Receiver and uplink live in this process."""
        secret_file = self.directory / "whsec"
        if not secret_file.exists():
            secret_file.touch(0o600)
            secret_file.write_text(new_secret(), "utf-8")
        self.receiver = Receiver(
            port=self.ports["receiver"],
            secret=secret_file.read_text("utf-8"),
            log=self.directory / "webhooks.jsonl",
        )
        self.receiver.start()
        self._closing.callback(self.receiver.stop)
        self.uplink = Uplink(port=self.ports["uplink"], target=self.ports["backend"])
        self.uplink.start()
        self._closing.callback(self.uplink.stop)

    def _prepare_programs(self) -> None:
        self.fill(self.settings.gateway, "gateway.toml")
        backend = self.fill(self.settings.backend, "backend.toml")
        if self.settings.foreign is not None:
            section = self.settings.foreign.mirror_section(self.directory)
            backend.write_text(backend.read_text("utf-8") + section, "utf-8")
        self.broker_kind = broker.choose(self.settings.broker)
        forker = self._closing.enter_context(ThreadPoolExecutor(max_workers=1, thread_name_prefix="forker"))
        for name, command in self._commands().items():
            program = Program(
                name=name,
                command=command,
                log=self.directory / "logs" / f"{name}.log",
                forker=forker,
                environment=self.settings.environment,
            )
            self.programs[name] = program
            self._closing.callback(program.stop)

    def _commands(self) -> dict[Name, list[str]]:
        settings = self.settings
        simulator = [installed("coldchain-sim"), "run", settings.scenario, "--out", str(self.simulator_out)]
        simulator += ["--mqtt", f"{LOCAL}:{self.ports['mqtt']}", "--seed", str(settings.seed)]
        simulator += [] if settings.speed is None else ["--speed", f"{settings.speed:g}"]
        folder = self.directory
        return {
            "broker": [
                *broker.command(self.broker_kind, port=self.ports["mqtt"], directory=folder / "broker")
            ],
            "backend": [installed("coldchain-backend"), "--config", str(self.backend_config), "serve"],
            "simulator": simulator,
            "gateway": [installed("coldchain-gateway"), "--config", str(self.gateway_config), "run"],
        }

    def _serves(self, name: Name) -> bool:
        match name:
            case "broker":
                return listens(self.ports["mqtt"])
            case "backend":
                return ready(self.backend_url)
            case "simulator":
                return any(self.simulator_out.glob("tty-*"))
            case "gateway":
                written = _newer(self.gateway_data / "status.json", self._started_ns[name])
                return written and self._hears_broker()

    def _hears_broker(self) -> bool:
        """What the broker acknowledges before the gateway's first subscription is nobody's: wait for that."""
        waits = self.programs["broker"].running and 'kind = "mqtt"' in self.gateway_config.read_text("utf-8")
        return not waits or self.programs["gateway"].said("mqtt.connected")


def _newer(path: Path, than_ns: int) -> bool:
    """Whether the file was written after this instant."""
    try:
        return path.stat().st_mtime_ns > than_ns
    except OSError:
        return False

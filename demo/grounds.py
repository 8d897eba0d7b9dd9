"""Where everything of one run is: folders, files, ports, addresses."""

import string
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from demo import neighbour
from demo.broker import Kind as BrokerKind
from demo.foreign import Foreign
from demo.ports import LOCAL

HERE = Path(__file__).parent
Name = Literal["broker", "backend", "gateway", "simulator"]
ORDER: tuple[Name, ...] = ("broker", "backend", "gateway", "simulator")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSettings:
    """What to play and where; `starts` names the programs that `with` starts, the rest can be started later.

    Templates are files with ${…} for what the stage knows: see `Stage.values`.
    """

    directory: Path
    scenario: str = "door-left-open"
    speed: float | None = None
    seed: int = 1
    broker: BrokerKind | None = None
    starts: tuple[Name, ...] = ORDER
    fleet: Path = HERE / "fleet.yaml"
    gateway: Path = HERE / "gateway.toml"
    backend: Path = HERE / "backend.toml"
    usual_ports: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    foreign: Foreign | None = None


@dataclass(slots=True)
class Grounds:
    """The folder and the ports of one run, and what follows from them."""

    settings: StageSettings
    ports: dict[str, int] = field(init=False)

    @property
    def directory(self) -> Path:
        """The folder that holds everything of this run."""
        return self.settings.directory.absolute()

    @property
    def backend_url(self) -> str:
        """The backend itself, not through the uplink."""
        return f"http://{LOCAL}:{self.ports['backend']}"

    @property
    def uplink_url(self) -> str:
        """The backend as the gateway reaches it."""
        return f"http://{LOCAL}:{self.ports['uplink']}"

    @property
    def backend_data(self) -> Path:
        """The backend's data folder."""
        return self.directory / "backend-data"

    @property
    def gateway_data(self) -> Path:
        """The gateway's data folder."""
        return self.directory / "gateway-data"

    @property
    def simulator_out(self) -> Path:
        """The simulator's folder: lines, truth, events."""
        return self.directory / "sim"

    @property
    def gateway_config(self) -> Path:
        """The gateway's one file."""
        return self.directory / "gateway.toml"

    @property
    def backend_config(self) -> Path:
        """The backend's one file."""
        return self.directory / "backend.toml"

    @property
    def values(self) -> dict[str, str]:
        """What ${…} in templates stands for."""
        named = {
            "backend_port": str(self.ports["backend"]),
            "backend_url": self.backend_url,
            "uplink_url": self.uplink_url,
            "mqtt_port": str(self.ports["mqtt"]),
            "receiver_url": f"http://{LOCAL}:{self.ports['receiver']}/hook",
            "secret_file": str(self.directory / "whsec"),
            "lines": str(self.simulator_out),
            "templates": str(HERE / "templates"),
        }
        beside = self.settings.foreign is not None
        told = {"system_receiver": neighbour.RECEIVER if beside else "dispatch"}
        return named | told | neighbour.additions(named, wanted=beside)

    def fill(self, template: Path, name: str) -> Path:
        """Write a template into the folder, with what the stage knows filled in."""
        filled = self.directory / name
        filled.write_text(string.Template(template.read_text("utf-8")).substitute(self.values), "utf-8")
        return filled

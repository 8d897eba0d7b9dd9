"""What people ask the programs for, through the real commands and the HTTP interface."""

from dataclasses import dataclass

from demo.api import Api
from demo.evidence import Happened, Truth, read_events, read_truth
from demo.grounds import Grounds
from demo.programs import installed, run

GATEWAY = "cq-store-gw"


@dataclass(slots=True)
class Desk(Grounds):
    """Commands and questions to what runs on these grounds."""

    @property
    def api(self) -> Api:
        """The HTTP interface with the admin token."""
        token = (self.backend_data / "admin-token").read_text("utf-8").strip()
        return Api(url=self.backend_url, token=token)

    def truth(self) -> list[Truth]:
        """What the simulator really gave out so far."""
        return read_truth(self.simulator_out / "truth.jsonl")

    def events(self) -> list[Happened]:
        """What the scenario has done so far."""
        return read_events(self.simulator_out / "events.jsonl")

    def backend(self, *arguments: str) -> str:
        """Run `coldchain-backend` with this stage's configuration; its output."""
        return run([installed("coldchain-backend"), "--config", str(self.backend_config), *arguments])

    def gateway(self, *arguments: str) -> str:
        """Run `coldchain-gateway` with this stage's configuration; its output."""
        return run([installed("coldchain-gateway"), "--config", str(self.gateway_config), *arguments])

    def login_link(self, person: str = "demo", role: str = "operator") -> str:
        """A link that logs this person in, made by the real command."""
        said = self.backend("token", "create", "--person", person, "--role", role)
        return next(word for word in said.split() if "/login#" in word)

    def writer_token(self, gateway: str) -> str:
        """A token with which this gateway may write, made by the real command."""
        return self.backend("token", "create", "--gateway", gateway).split()[-1]

    def apply_fleet(self) -> None:
        """Fill in the fleet file and apply it through the running backend."""
        fleet = self.fill(self.settings.fleet, "fleet.yaml")
        self.backend("fleet", "apply", str(fleet))

    def one_time_code(self) -> str:
        """A code by which the gateway may enroll once, made by the real command."""
        said = self.backend("gateways", "code", GATEWAY)
        return next(word for word in said.split() if len(word) == 9 and word[4] == "-")

    def enroll_gateway(self, code: str) -> None:
        """Admit the gateway as a person would: with a one-time code from the backend."""
        self.gateway("enroll", "--url", self.uplink_url, "--code", code)

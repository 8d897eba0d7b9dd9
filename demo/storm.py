"""A storm of alarms on real parts: `python -m demo.storm` plays `alert-storm` and tells who was told what.

Forty rooms of a depot go over their limit within a minute. Wanted: one flood episode, criticals first within
the receiver's rate, the rest named in digests, and every alarm told.
"""

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from demo.api import ApiError, Json
from demo.receiver import SYSTEM, Received
from demo.stage import ORDER, Stage, StageSettings
from demo.waiting import NotInTime

ROOT = Path(__file__).parent.parent
ROOMS = tuple(f"room-{hall}-{number}" for hall in "abcd" for number in range(1, 11))
RATE_PER_MINUTE = 20
RAISED_WITHIN_S = 240.0
TOLD_WITHIN_S = 240.0
GATEWAY = """[gateway]
name = "cq-store-gw"
organisation = "demo"
data_dir = "gateway-data"
seal_after = "2s"

[uplink]
url = "${uplink_url}"

[[source]]
kind = "mqtt"
name = "zigbee"
host = "127.0.0.1"
port = ${mqtt_port}

[[source.subscription]]
topic = "zigbee2mqtt/#"
format = "zigbee2mqtt"
"""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What the receiver got and what the backend knows."""

    alarms: int = 0
    floods: int = 0
    single: int = 0
    digests: int = 0
    in_digests: int = 0
    most_per_minute: int = 0
    verified: bool = False

    @property
    def heard(self) -> int:
        """Alarms that the receiver heard of, one by one or in a digest."""
        return self.single + self.in_digests

    @property
    def good(self) -> bool:
        """Whether the storm was told as it should be."""
        within = self.most_per_minute <= RATE_PER_MINUTE + 1
        return (
            self.alarms >= len(ROOMS)
            and self.floods == 1
            and self.heard >= self.alarms
            and within
            and self.verified
        )


def fleet_text() -> str:
    """The fleet file of the depot; dollar placeholders are filled in by the stage."""
    lines = [
        "organisation: demo",
        "receivers:",
        "  - name: dispatch",
        '    webhook: {url: "${receiver_url}", secret: "file:${secret_file}"}',
        f"    rate: {RATE_PER_MINUTE}/min",
        "    language: zh",
        "system_receiver: dispatch",
        "assets:",
    ]
    for hall in "abcd":
        name = f"{{en: Hall {hall.upper()}, zh: {hall.upper()} 厅}}"
        lines += [f"  - id: hall-{hall}", "    kind: cold_store", f"    name: {name}"]
        lines += ["    time_zone: Asia/Shanghai", "    zones:"]
        for number in range(1, 11):
            room = f"room-{hall}-{number}"
            lines += [
                f"      - id: {room}",
                f"        name: {{en: Room {hall.upper()}{number}, zh: {hall.upper()}{number} 库房}}",
                "        profile: demo",
                "        state: in_use",
                "        points:",
                f"          - {{id: {room}.air, name: {{en: Air, zh: 空气}}, sensor: {room}}}",
            ]
    lines += ["sensors:", *(f"  - {{id: {room}, interval: 3s}}" for room in ROOMS)]
    return "\n".join([*lines, "gateways:", "  - {name: cq-store-gw, asset: hall-a}", ""])


def prepared(directory: Path) -> StageSettings:
    """A fresh folder with the depot's files, and how to play."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    fleet, gateway = directory / "depot.yaml", directory / "depot.toml"
    fleet.write_text(fleet_text(), "utf-8")
    gateway.write_text(GATEWAY, "utf-8")
    return StageSettings(directory=directory, scenario="alert-storm", fleet=fleet, gateway=gateway)


def play(stage: Stage, console: Console) -> Outcome:
    """Wait until every room has alarmed and somebody was told of each; what was told."""
    console.print("forty rooms are cold; the plant is about to trip …")
    stage.until(
        "forty alarms", lambda: len(_alarms(stage)) >= len(ROOMS), within_s=RAISED_WITHIN_S, alive=ORDER
    )
    console.print("[bold red]every room is out of limits")
    try:
        stage.until(
            "everybody told",
            lambda: outcome_of(stage).heard >= len(ROOMS),
            within_s=TOLD_WITHIN_S,
            alive=ORDER,
        )
    except NotInTime as error:
        console.print(str(error))
    return outcome_of(stage)


def outcome_of(stage: Stage) -> Outcome:
    """Count what came in."""
    received, kinds = stage.receiver.once(), Counter(str(one["kind"]) for one in _all(stage))
    digests = [json.loads(one.body)["data"] for one in received if one.type == "alert.digest"]
    return Outcome(
        alarms=len(_alarms(stage)),
        floods=kinds["flood"],
        single=sum(one.type == "alert.fired" and one.kind != SYSTEM for one in received),
        digests=len(digests),
        in_digests=sum(int(one["count"]) for one in digests),
        most_per_minute=_most_per_minute(received),
        verified=bool(received) and all(one.verified for one in received),
    )


def table_of(found: Outcome) -> Table:
    """What a person reads in the terminal."""
    table = Table(title="A storm of alarms, as the receiver “dispatch” heard it", title_justify="left")
    table.add_column("What")
    table.add_column("Found", justify="right")
    table.add_column("Wanted")
    table.add_row("alarms raised", str(found.alarms), f"{len(ROOMS)}, all recorded")
    table.add_row("flood episodes", str(found.floods), "1")
    table.add_row("alarms told one by one", str(found.single), "as many as the rate allows")
    table.add_row("digests", str(found.digests), "the rest, named or counted")
    table.add_row("alarms in digests", str(found.in_digests), "")
    table.add_row("most messages in a minute", str(found.most_per_minute), f"rate {RATE_PER_MINUTE}/min")
    table.add_row("alarms heard of", str(found.heard), f"{len(ROOMS)}, the flood itself beside them")
    table.add_row("signatures good", "yes" if found.verified else "no", "yes")
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the storm and print the table; 0 if everything is as wanted."""
    parser = argparse.ArgumentParser(prog="demo.storm", description=__doc__)
    parser.add_argument("--directory", type=Path, default=ROOT / ".demo" / "storm")
    console = Console()
    with Stage(prepared(parser.parse_args(arguments).directory)) as stage:
        found = play(stage, console)
    console.print(table_of(found))
    return 0 if found.good else 1


def _all(stage: Stage) -> list[Mapping[str, Json]]:
    try:
        return list(stage.api.items("/api/v1/alerts"))
    except ApiError:
        return []


def _alarms(stage: Stage) -> list[Mapping[str, Json]]:
    return [one for one in _all(stage) if one["kind"] == "excursion" and one["level"] == "alarm"]


def _most_per_minute(received: Sequence[Received]) -> int:
    times = sorted(one.at_s for one in received)
    return max((sum(at <= one < at + 60 for one in times) for at in times), default=0)


if __name__ == "__main__":
    sys.exit(main())

"""The trial: every service is started in its room, in the order of the file, and asked how it is.

Runs in a network of its own, so that the ports of the file are free and nobody else is reached.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tools.compose.images import image
from tools.compose.model import ROOT, Health, Mistaken, NotHere, Service, find, load, services
from tools.compose.rooms import Ground, beside, command

PROGRAMS: Mapping[str, tuple[str, str]] = {
    "mosquitto": ("mosquitto", "make deps"),
    "influxdb": ("influxd", "make influxd"),
    "grafana": ("grafana-server", "a Grafana of your own, on PATH"),
    "proxy": ("nginx", "Debian: nginx"),
}
"""Service → the program of its image that must be on this machine."""

INFLUXD = (
    "influxd",
    "--bolt-path", "/var/lib/influxdb2/influxd.bolt",
    "--engine-path", "/var/lib/influxdb2/engine",
    "--sqlite-path", "/var/lib/influxdb2/influxd.sqlite",
)  # fmt: skip
"""What InfluxDB's image starts, with the paths that are its defaults there."""

Told = Callable[[str, str], None]


ADDRESS = "172.30.0.1"
"""Of everybody, in the network where Compose would put them: not the loopback, which no webhook may reach."""


def network() -> None:
    """Bring the loopback of this network namespace up, with a second address on it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 1 | 64))  # SIOCSIFFLAGS: up, running
        address = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(ADDRESS))
        fcntl.ioctl(any_socket, 0x8916, struct.pack("16s16s", b"lo:1", address))  # SIOCSIFADDR


@dataclass(slots=True, kw_only=True)
class Trial:
    """Services that run here; `close` stops them in reverse order and says how long each took."""

    ground: Ground
    everyone: Mapping[str, Service]
    tell: Told
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    answer: str = ""

    def start(self, service: Service) -> None:
        """Start it and wait until it is well, or has ended well."""
        first = INFLUXD if service.name == "influxdb" else image(service.image).entrypoint
        words = (*(service.entrypoint or first), *service.command)
        log = (self.ground.folder / f"{service.name}.log").open("wb")
        running = subprocess.Popen(command(service, words, self.ground), stdout=log, stderr=subprocess.STDOUT)
        self.running[service.name] = running
        if service.ends:
            if running.wait(120) != 0:
                raise Mistaken(f"{service.name} ended with {running.returncode}: {self.said(service.name)}")
            self.ended.add(service.name)
            self.tell(f"{service.name}: command", " ".join(words))
            return
        health = _health_of(service)
        until = time.monotonic() + health.within_s
        while not self.well(service):
            if running.poll() is not None:
                raise Mistaken(f"{service.name} ended with {running.returncode}: {self.said(service.name)}")
            if time.monotonic() > until:
                said = f"{self.answer}\n{self.said(service.name)}"
                raise Mistaken(f"{service.name} never became healthy: {said}")
            time.sleep(0.5)
        self.tell(f"{service.name}: command", " ".join(words))
        self.tell(f"{service.name}: health check", " ".join(health.command)[:90])

    def well(self, service: Service) -> bool:
        """Whether its own health check says so."""
        pid = self.running[service.name].pid
        asked = beside(pid, service, _health_of(service).command, self.ground)
        answered = subprocess.run(asked, capture_output=True, check=False, timeout=60)
        self.answer = (answered.stdout + answered.stderr).decode(errors="replace").strip()[-400:]
        return answered.returncode == 0

    def said(self, name: str) -> str:
        """The end of its log."""
        return (self.ground.folder / f"{name}.log").read_text(errors="replace")[-800:]

    def stop(self, name: str) -> None:
        """SIGTERM; it must end within its grace."""
        service, running = self.everyone[name], self.running.pop(name)
        began = time.monotonic()
        running.terminate()
        try:
            running.wait(service.grace_s)
        except subprocess.TimeoutExpired as error:
            running.kill()
            raise Mistaken(f"{name} did not end within {service.grace_s:g} s") from error
        took = time.monotonic() - began
        self.tell(f"{name}: stop", f"{took:.1f} s of {service.grace_s:g} s")

    def close(self) -> None:
        """Whatever still runs is killed."""
        for running in self.running.values():
            running.kill()
            running.wait()


def _health_of(service: Service) -> Health:
    if service.health is None:
        raise Mistaken(f"{service.name} has no health check")
    return service.health


def set_up_influxdb(trial: Trial) -> None:
    """What the image's entry point does with its variables."""
    environment = trial.everyone["influxdb"].environment
    secrets = {mount.target: mount.source for mount in trial.everyone["influxdb"].mounts}

    def from_file(name: str) -> str:
        return Path(secrets[environment[name]]).read_text().strip()

    body = {
        "username": environment["DOCKER_INFLUXDB_INIT_USERNAME"],
        "password": from_file("DOCKER_INFLUXDB_INIT_PASSWORD_FILE"),
        "token": from_file("DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE"),
        "org": environment["DOCKER_INFLUXDB_INIT_ORG"],
        "bucket": environment["DOCKER_INFLUXDB_INIT_BUCKET"],
    }
    request = urllib.request.Request(
        "http://127.0.0.1:8086/api/v2/setup",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60):  # noqa: S310 - likewise
        trial.tell("influxdb: set up", f"organisation {body['org']}, bucket {body['bucket']}")


def in_order(everyone: Mapping[str, Service]) -> Iterator[Service]:
    """Services after those they wait for."""
    done: set[str] = set()
    while len(done) < len(everyone):
        ready = [one for one in everyone.values() if one.name not in done and done.issuperset(one.waits_for)]
        if not ready:
            raise Mistaken("services wait for each other")
        for one in sorted(ready, key=lambda one: one.name):
            done.add(one.name)
            yield one


def comes_through(trial: Trial) -> None:
    """The simulator's readings arrive in the backend, through broker and gateway. Raises Mistaken."""
    token = (trial.ground.folder / "volumes" / "backend-data" / "admin-token").read_text().strip()
    request = urllib.request.Request(
        "http://127.0.0.1:8080/api/v1/board", headers={"Authorization": f"Bearer {token}"}
    )
    until = time.monotonic() + 90
    while time.monotonic() < until:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - likewise
            zones = json.load(answer)["items"]
        values = [point["values"].get("temperature") for zone in zones for point in zone["points"]]
        if values and None not in values:
            trial.tell("readings come through", ", ".join(f"{value:.1f} °C" for value in values))
            return
        time.sleep(1)
    raise Mistaken(f"no readings: {trial.said('simulator')} {trial.said('gateway')} {trial.said('backend')}")


def is_mirrored(trial: Trial) -> None:
    """The same readings stand in the bucket, seen with Grafana's token."""
    token = (trial.ground.folder / "volumes" / "influxdb-tokens" / "grafana").read_text().strip()
    environment = trial.everyone["influxdb"].environment
    query = urllib.parse.urlencode(
        {
            "db": environment["DOCKER_INFLUXDB_INIT_BUCKET"],
            "q": "SELECT count(temperature) FROM reading GROUP BY sensor",
        }
    )
    request = urllib.request.Request(
        f"http://127.0.0.1:8086/query?{query}", headers={"Authorization": f"Token {token}"}
    )
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - an address of this machine
            series = json.load(answer)["results"][0].get("series", [])
        counts = [int(one["values"][0][1]) for one in series]
        if counts and min(counts) > 0:
            trial.tell("readings in InfluxDB", ", ".join(f"{count} points" for count in counts))
            return
        time.sleep(1)
    raise Mistaken(f"no readings in InfluxDB: {trial.said('backend')}")


def is_told(trial: Trial) -> None:
    """The door of the simulated truck opens: the receiver gets a webhook and finds its signature right."""
    until = time.monotonic() + 150
    while time.monotonic() < until:
        said = [line for line in trial.said("receiver").splitlines() if " alert.fired " in line]
        if said:
            if not said[0].startswith("verified "):
                raise Mistaken(f"receiver: {said[0]}")
            trial.tell("receiver: webhook", said[0][:100])
            return
        time.sleep(1)
    raise Mistaken(f"no webhook: {trial.said('receiver')} {trial.said('backend')}")


def broker_is_closed(trial: Trial) -> None:
    """Without a password nobody comes in, and a device cannot speak in the gateway's name."""
    devices = next(one.source for one in trial.everyone["simulator"].mounts if one.kind == "secret")
    publish = [find("mosquitto_pub", "make deps"), "-h", "127.0.0.1", "-q", "1", "-m", "x", "-V", "5"]
    as_devices = ["-u", "devices", "-P", Path(devices).read_text().strip()]
    for name, who, topic, wanted in (
        ("without a password", [], "zigbee2mqtt/x", False),
        ("a wrong password", ["-u", "devices", "-P", "wrong"], "zigbee2mqtt/x", False),
        ("devices, in the gateway's name", as_devices, "coldchain/gateway-1/echo", False),
        ("devices, as devices", as_devices, "zigbee2mqtt/x", True),
    ):
        said = subprocess.run(
            [*publish, *who, "-t", topic], capture_output=True, text=True, check=False, timeout=30
        )
        refused = said.returncode != 0 or "not authorized" in (said.stdout + said.stderr).lower()
        if refused == wanted:
            raise Mistaken(f"mosquitto: {name}: {'refused' if refused else 'let in'}")
        trial.tell("mosquitto: access", f"{name}: {'refused' if refused else 'let in'}")


def certificate(folder: Path) -> None:
    """A certificate for the trial of the TLS variant."""
    folder.mkdir()
    openssl = [
        find("openssl", "Debian: openssl"),
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
    ]
    names = [
        "-subj",
        "/CN=localhost",
        "-keyout",
        str(folder / "privkey.pem"),
        "-out",
        str(folder / "fullchain.pem"),
    ]
    subprocess.run([*openssl, *names], check=True, capture_output=True)
    (folder / "privkey.pem").chmod(0o444)


def run(ground: Ground, tell: Told, not_here: Told) -> None:
    """The whole trial. Raises Mistaken."""
    network()
    example = ground.folder / "environment"
    text = (ROOT / ".env.example").read_text().replace("./deploy/compose/tls", str(ground.folder / "tls"))
    example.write_text(text)
    certificate(ground.folder / "tls")
    files = [ROOT / "docker-compose.yml", ROOT / "deploy" / "compose" / "tls.yml"]
    everyone = services(load(files, example))
    trial = Trial(ground=ground, everyone=everyone, tell=tell)
    lacking: dict[str, str] = {}
    with ExitStack() as stack:
        stack.callback(trial.close)
        for service in in_order(everyone):
            _try(trial, service, lacking, not_here)
        comes_through(trial)
        is_mirrored(trial)
        broker_is_closed(trial)
        is_told(trial)
        for name in reversed([name for name in trial.running if name not in trial.ended]):
            trial.stop(name)


def _try(trial: Trial, service: Service, lacking: dict[str, str], not_here: Told) -> None:
    try:
        if service.name in PROGRAMS:
            program, recipe = PROGRAMS[service.name]
            shutil.copy(find(program, recipe), trial.ground.programs / program)
    except NotHere as error:
        lacking[service.name] = str(error)
        not_here(service.name, str(error))
        return
    trial.start(service)
    if service.name == "influxdb":
        set_up_influxdb(trial)


def main() -> int:
    """Run the trial in the namespaces that this process is in."""
    from tools.compose.__main__ import not_here, tell

    with tempfile.TemporaryDirectory(prefix="coldchain-compose-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        programs = folder / "programs"
        programs.mkdir()
        names = ["mosquitto", "influxdb", "grafana", "backend", "gateway", "simulator", "receiver", "proxy"]
        ground = Ground(
            folder=folder, programs=programs, names=names, address=ADDRESS, as_users="--as-users" in sys.argv
        )
        try:
            run(ground, tell, not_here)
        except Mistaken as error:
            print(f"check-compose: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C.UTF-8"
    sys.exit(main())

"""Power cuts of the real backend, recorded while a gateway and a stranger write and a receiver is told."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from coldchain.seal import GENESIS, Batch, Key, encode_public, read_batches, seal
from coldchain_backend.sql import open_database
from demo.api import ready
from demo.receiver import Receiver, new_secret
from support.acceptance import Figures
from support.ports import free_port
from support.powercut import disk
from support.powercut.backend_state import Promises, Restart, readings
from support.powercut.record import Recorder
from support.powercut.replay import Cut, Recording
from support.powercut.streams import requests_sent, requests_served
from support.quick_room import quick_room

CUTS = int(os.environ.get("COLDCHAIN_CUTS", "200"))
KEY = Key.from_seed(bytes(range(32)))
WRITER = "cut-gw"
BATCHES = 60
CONFIG = """
[backend]
organisation = "demo"
data_dir = "data"
listen = "127.0.0.1:{port}"
[delivery]
allow_private = ["127.0.0.0/8"]
"""


@dataclass(slots=True, kw_only=True)
class Scene:
    """A recording, where its counterparts listened, and all that the gateway sealed."""

    folder: Path
    port: int
    receiver: int
    template: Path
    sealed: list[Batch] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    recording: Recording = field(init=False)

    def promises(self, cut: Cut) -> Promises:
        served = [one for one in requests_served(cut.said, self.port) if one.status in (200, 204)]
        writes = [one.body for one in served if one.head.startswith(b"POST /api/v2/write")]
        sealed = [one for body in writes for one in read_batches(body) if isinstance(one, Batch)]
        unsealed = [name for body in writes if not body.startswith(b"# cc1") for name in readings(body)]
        told = [
            one.head.split(b"webhook-id: ")[1].split(b"\r\n")[0]
            for one in requests_sent(cut.said, self.receiver)
        ]
        return Promises(
            sealed={(one.run, one.seq): one.hash for one in sealed},
            unsealed=frozenset(unsealed),
            tokens=self.tokens[: sum(one.head.startswith(b"POST /api/v1/tokens") for one in served)],
            fleet=any(one.head.startswith(b"POST /api/v1/fleet/apply") for one in served),
            told=frozenset(one.decode() for one in told),
        )

    def faults(self, cut: Cut, folder: Path) -> list[str]:
        disk.write(folder, cut.held)
        said = self.promises(cut)
        again = [batch.encode() for batch in self.sealed if (batch.run, batch.seq) not in said.sealed]
        restart = Restart(data_dir=folder / "data", writer=WRITER, again=again, template=self.template)
        return restart.faults(said)


@pytest.fixture(scope="module")
def scene(workshop: Path) -> Scene:
    home, out = workshop / "home", workshop / "out"
    home.mkdir()
    out.mkdir()
    secret = new_secret()
    (home / "whsec").write_text(secret)
    receiver = Receiver(port=free_port(), secret=secret, log=workshop / "webhooks.jsonl")
    receiver.start()
    template = workshop / "template.sqlite"
    open_database(template).close()
    made = Scene(folder=home, port=free_port(), receiver=receiver.port, template=template)
    (home / "backend.toml").write_text(CONFIG.format(port=made.port))
    program = [
        str(Path(sys.executable).with_name("coldchain-backend")),
        "--config",
        str(home / "backend.toml"),
    ]
    with Recorder([*program, "serve"], home, out) as recorder:
        perform(made, receiver, recorder)
        recorder.stop(signal.SIGTERM)
    made.recording = recorder.recording()
    receiver.stop()
    return made


def perform(scene: Scene, receiver: Receiver, recorder: Recorder) -> None:
    """A fleet, tokens, sealed batches that leave and re-enter the limits, unsealed ones, webhooks."""
    wait(lambda: ready(f"http://127.0.0.1:{scene.port}"), recorder)
    admin = (scene.folder / "data" / "admin-token").read_text().strip()
    fleet = quick_room(
        receiver.url,
        sensors=("front", "tool"),
        more=f'gateways: [{{name: cut-gw, asset: store, key: "{encode_public(KEY.public)}"}}]\n',
    )
    post(scene, "/api/v1/fleet/apply", admin, json.dumps({"text": fleet}).encode())
    writer = token(scene, admin, WRITER)
    tool = token(scene, admin, "tool")
    path, prev = "/api/v2/write?org=demo&bucket=any&precision=ms", GENESIS
    began = int(time.time() * 1000)
    for seq in range(1, BATCHES + 1):
        value = 9.0 if seq % 20 in range(5, 15) else 4.0
        lines = [
            b"reading,sensor=front temperature=%.1f,counter=%di %d\n"
            % (value, seq * 2 + half, began + seq * 1000 + half * 500)
            for half in (0, 1)
        ]
        batch = seal(KEY, org="demo", run="cut-run", seq=seq, prev=prev, body=b"".join(lines))
        prev = batch.hash
        scene.sealed.append(batch)
        post(scene, path, writer, batch.encode())
        post(scene, path, tool, b"reading,sensor=tool temperature=5,counter=%di %d\n" % (seq, began + seq))
    wait(lambda: sum(one.type == "alert.resolved" for one in receiver.received()) >= 3, recorder)


def token(scene: Scene, admin: str, name: str) -> str:
    """A token under which this name may write."""
    made = json.loads(post(scene, "/api/v1/tokens", admin, json.dumps({"gateway": name}).encode()))
    scene.tokens.append(str(made["token"]))
    return str(made["token"])


def post(scene: Scene, path: str, token: str, body: bytes) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", scene.port, timeout=10)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status in (200, 204), said
    return said


def wait(happened: object, recorder: Recorder) -> None:
    assert callable(happened)
    deadline = time.monotonic() + 90
    while not happened():
        assert time.monotonic() < deadline, recorder.output
        time.sleep(0.05)


def test_the_replay_gives_the_files_that_the_backend_left(scene: Scene) -> None:
    assert scene.recording.differences(scene.folder) == []


@pytest.mark.acceptance("T2")
def test_no_cut_loses_or_doubles_what_was_answered_or_told(
    scene: Scene, states: Path, figures: Figures
) -> None:
    found: dict[int, list[str]] = {}
    most = 0
    for cut in scene.recording.cuts(CUTS, seed=13):
        figures.add(power_cuts=1)
        most = max(most, len(scene.promises(cut).sealed))
        if wrong := scene.faults(cut, states / str(cut.number)):
            found[cut.number] = wrong
    assert found == {}
    assert most > BATCHES / 2


def test_with_its_syncs_taken_out_the_same_recording_breaks_promises(scene: Scene, states: Path) -> None:
    cuts = scene.recording.cuts(20, seed=13, syncs=False)
    assert any(scene.faults(cut, states / str(cut.number)) for cut in cuts)

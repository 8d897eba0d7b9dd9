"""A real Alertmanager and ours, given the same alerts, post to one receiver: keys, types, fingerprints.

`make compare-alertmanager` prints the comparison.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from coldchain_backend.delivery import Guard
from coldchain_backend.delivery.channels.alertmanager import DIGESTS_BY, GROUPED_BY
from coldchain_backend.delivery.request import Request, Response
from coldchain_backend.delivery.senders.http import HttpSender
from coldchain_backend.fleet import Alertmanager
from support.acceptance import Figures
from support.look_ups import LOCAL
from support.notices import digest, document, group, resolved
from support.parts import require
from support.ports import free_port
from support.tellings import composed

CONFIG = """\
route:
  receiver: dispatch
  group_by: [{grouped}]
  group_wait: 0s
  group_interval: 1s
receivers:
  - name: dispatch
    webhook_configs:
      - url: {url}
        send_resolved: true
"""
ODD = 'quoted " and \\ and\nlines, 冷藏间'
ODD_ONES: dict[str, object] = {"sensor": ODD, "zone": "z,=}{", "alert_id": ODD}
BEGUN = {"plain": document(), "odd": document(**ODD_ONES), "digest": digest(3, 3)}
OVER = {"plain": resolved(), "odd": resolved(**ODD_ONES), "digest": group("resolved", "closed", "withdrawn")}
Body = Mapping[str, Any]


@dataclass(slots=True)
class Hook:
    """One receiver: what came to each path, with its headers."""

    port: int = 0
    bodies: dict[str, list[Body]] = field(default_factory=dict)
    agents: dict[str, str] = field(default_factory=dict)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        pairs = (line.partition(": ") for line in head.split("\r\n"))
        fields = {name.lower(): value for name, _, value in pairs}
        body = await reader.readexactly(int(fields["content-length"]))
        path = head.split(" ", 2)[1]
        self.bodies.setdefault(path, []).append(orjson.loads(body))
        self.agents[path] = fields["user-agent"]
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        self.came.set()

    async def wait_for(self, path: str, status: str) -> Body:
        """The first body at a path with a status."""
        async with asyncio.timeout(60):
            while not (found := [one for one in self.bodies.get(path, ()) if one["status"] == status]):
                self.came.clear()
                await self.came.wait()
        return found[0]


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    server = await asyncio.start_server(hook.serve, "127.0.0.1", 0)
    hook.port = server.sockets[0].getsockname()[1]
    yield hook
    server.close()


@pytest.fixture
async def real(hook: Hook, tmp_path: Path, name: str) -> AsyncIterator[str]:
    """A real Alertmanager that groups as ours does; the address of its API."""
    program, port = require("alertmanager"), free_port()
    grouped = ", ".join(DIGESTS_BY if name == "digest" else GROUPED_BY)
    config = CONFIG.format(url=f"http://127.0.0.1:{hook.port}/real", grouped=grouped)
    (tmp_path / "alertmanager.yml").write_text(config)
    command = [
        str(program),
        f"--config.file={tmp_path}/alertmanager.yml",
        f"--storage.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=error",
    ]
    process = await asyncio.create_subprocess_exec(*command)
    api = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(400):
            try:
                if (await client.get(f"{api}/-/ready")).is_success:
                    break
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.05)
    yield api
    process.terminate()
    await asyncio.wait_for(process.wait(), 10)


async def ours(hook: Hook, body: bytes) -> Body:
    """What our channel posts to the same receiver."""
    settings = Alertmanager(url=f"http://127.0.0.1:{hook.port}/ours")
    call = composed("alertmanager", body, settings=settings, secrets={})[0].call
    assert isinstance(call, Request)
    guard = Guard(LOCAL)
    sender = HttpSender(guard)
    try:
        assert isinstance(await sender.send(call), Response)
    finally:
        await sender.close()
        guard.close()
    said: Body = hook.bodies["/ours"][-1]
    return said


async def give(api: str, said: Body) -> None:
    """The same alerts to the real one, over its own API."""
    alerts = [
        {key: one[key] for key in ("labels", "annotations", "startsAt", "generatorURL")}
        | ({"endsAt": one["endsAt"]} if one["status"] == "resolved" else {})
        for one in said["alerts"]
    ]
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{api}/api/v2/alerts", json=alerts)
    assert answer.is_success, answer.text


def shape(value: object, at: str = "") -> dict[str, str]:
    """Every key with the type of its value; of lists the first item."""
    if isinstance(value, dict):
        inner = [shape(item, f"{at}.{key}") for key, item in value.items()]
        return {at: "object", **{key: kind for one in inner for key, kind in one.items()}}
    if isinstance(value, list):
        return {at: "array", **(shape(value[0], f"{at}[]") if value else {})}
    return {at: type(value).__name__}


@pytest.mark.acceptance("T9")
@pytest.mark.parametrize("name", ["plain", "odd", "digest"])
async def test_a_real_alertmanager_posts_the_same(hook: Hook, real: str, name: str, figures: Figures) -> None:
    for status, body in (("firing", BEGUN[name]), ("resolved", OVER[name])):
        mine = await ours(hook, body)
        await give(real, mine)
        theirs = await hook.wait_for("/real", status)
        keys, wanted = shape(mine), shape(theirs)
        assert keys == wanted
        for key in ("version", "receiver", "status", "groupLabels", "commonLabels", "commonAnnotations",
                    "groupKey", "truncatedAlerts"):  # fmt: skip
            assert mine[key] == theirs[key], key
        same = ("status", "fingerprint", "labels", "annotations", "startsAt", "endsAt", "generatorURL")
        pairs = (sorted(said["alerts"], key=lambda one: str(one["fingerprint"])) for said in (mine, theirs))
        for one, other in zip(*pairs, strict=True):
            assert {key: one[key] for key in same} == {key: other[key] for key in same}
        figures.add(bodies=2, keys=len(keys), fingerprints=len(mine["alerts"]))
        sys.stdout.write(
            f"{name:<7}{status:<9} {len(keys)} keys and types equal, fingerprint"
            f" {mine['alerts'][0]['fingerprint']} equal, groupKey {mine['groupKey']!r} equal\n"
        )
    assert hook.agents["/ours"].split("/")[0] == hook.agents["/real"].split("/")[0] == "Alertmanager"

"""What people type against a real server, and what they read: one server for all, with one alarm told."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from coldchain_backend import cli
from demo.receiver import Receiver, new_secret
from support.ports import free_port
from support.quick_room import quick_room

LONGEST_S = 60.0
MORE = """routes: [{name: all, match: {levels: [alarm]}, notify: [dispatch]}]
gateways: [{name: gw, asset: store}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A folder with a configuration, a server that listens, and a receiver that writes down what it hears."""

    folder: Path
    port: int
    receiver: Receiver

    def type(self, *words: str, given: str | None = None) -> Result:
        config = str(self.folder / "backend.toml")
        return CliRunner().invoke(cli.app, ["--config", config, *words], input=given)

    def wait(self, what: Callable[[], bool]) -> None:
        until = time.monotonic() + LONGEST_S
        while not what():
            assert time.monotonic() < until, (self.folder / "serve.log").read_text("utf-8")[-2000:]
            time.sleep(0.1)


def fleet(url: str, state: str) -> str:
    return quick_room(url, state=state, persons=("wang.li",), more=MORE)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    folder, secret, port = tmp_path_factory.mktemp("server"), new_secret(), free_port()
    (folder / "whsec").write_text(secret)
    (folder / "backend.toml").write_text(
        f'[backend]\norganisation = "demo"\nlisten = "127.0.0.1:{port}"\n'
        '[delivery]\nallow_private = ["127.0.0.0/8"]\n'
    )
    program = [sys.executable, "-m", "coldchain_backend", "--config", str(folder / "backend.toml"), "serve"]
    receiver = Receiver(port=free_port(), secret=secret, log=folder / "received.jsonl")
    receiver.start()
    with (folder / "serve.log").open("wb") as log:
        server = subprocess.Popen(program, stdout=log, stderr=log)
    made = Shell(folder=folder, port=port, receiver=receiver)
    try:
        made.wait(lambda: server.poll() is None and made.type("status").exit_code == 0)
        yield made
    finally:
        server.terminate()
        server.wait(20)
        receiver.stop()


def test_a_person_is_added_changed_shown_and_disabled(shell: Shell) -> None:
    added = shell.type("user", "add", "wang.li", "--name", "Wang Li", "--zh", "王丽", "--role", "operator")
    assert added.exit_code == 0, added.output
    assert shell.type("user", "edit", "wang.li", "--mobile", "138 0000 0000").output == "wang.li is changed\n"
    listed = shell.type("user", "list").output
    assert "wang.li" in listed
    assert "Wang Li" in listed
    assert "13800000000" in shell.type("user", "show", "wang.li").output
    assert "disabled" in shell.type("user", "disable", "wang.li").output
    assert "enabled" in shell.type("user", "disable", "wang.li", "--undo").output
    unknown = shell.type("user", "show", "nobody")
    assert unknown.exit_code != 0
    assert "nobody" in str(unknown.exception)


def test_a_token_is_made_listed_renewed_and_voided(shell: Shell) -> None:
    made = shell.type("token", "create", "--person", "wang.li")
    assert made.exit_code == 0, made.output
    assert "/login#" in made.output
    listed = shell.type("token", "list").output
    token = next(line.split()[0] for line in listed.splitlines() if "wang.li" in line)
    renewed = shell.type("token", "renew", token, "--overlap-hours", "1")
    assert renewed.exit_code == 0, renewed.output
    assert shell.type("token", "revoke", token).exit_code == 0
    again = shell.type("token", "revoke", token)
    assert again.exit_code != 0


def test_a_zone_says_what_it_lacks_and_takes_its_tests(shell: Shell) -> None:
    file = shell.folder / "fleet.yaml"
    file.write_text(fleet(shell.receiver.url, "planned"))
    applied = shell.type("fleet", "apply", str(file))
    assert applied.exit_code == 0, applied.output
    told = shell.type("ready", "store.room")
    assert told.exit_code == 1
    assert "- point store.room.front: its sensor front was never heard" in told.output
    assert "coldchain-backend ready store.room --record power-cut" in told.output
    done = shell.type("ready", "store.room", "--record", "power-cut", "--by", "王伟", "--reason", "in 20 s")
    assert "no power-cut test" not in done.output
    assert "没有校准证书" in shell.type("ready", "store.room", "--language", "zh").output
    found = json.loads(shell.type("ready", "store.room", "--json").output)
    assert [one["by"] for one in found["tests"]] == ["王伟"]
    sheet = shell.folder / "sheet.html"
    shell.type("ready", "store.room", "--sheet", str(sheet))
    assert "王伟" in sheet.read_text("utf-8")
    assert shell.type("ready", "nowhere").exit_code != 0


def test_a_receiver_is_tried_and_its_messages_are_looked_at_and_sent_again(shell: Shell) -> None:
    tried = shell.type("receiver", "test", "dispatch")
    assert tried.output.startswith("dispatch (webhook): arrived after "), tried.output
    assert tried.exit_code == 0
    assert "dispatch  webhook  " in shell.type("receiver", "list").output
    assert ": arrived" in shell.type("receiver", "list").output
    file = shell.folder / "fleet.yaml"
    file.write_text(fleet(shell.receiver.url, "in_use"))
    applied = shell.type("fleet", "apply", str(file))
    assert applied.exit_code == 0, applied.output
    write(shell)
    shell.wait(lambda: "delivered" in shell.type("deliveries", "list").output)
    line = shell.type("deliveries", "list", "--state", "delivered").output.splitlines()[-1]
    delivery = line.split()[0]
    shown = shell.type("deliveries", "show", delivery).output
    assert '"receiver": "dispatch"' in shown
    assert "delivered" in shown
    replayed = shell.type(
        "deliveries", "replay", "--id", delivery, "--state", "delivered", "--reason", "asked again"
    )
    assert replayed.output == "1 queued again\n"
    shell.wait(lambda: [one.webhook_id for one in shell.receiver.received()].count(delivery) == 2)
    assert shell.type("deliveries", "replay", "--id", "msg_no", "--reason", "x").exit_code == 1


def write(shell: Shell) -> None:
    """Readings out of limits for some seconds, from a tool with a token of its own."""
    token = max(shell.type("token", "create", "--gateway", "tool").output.split(), key=len)
    path = "/api/v2/write?org=demo&bucket=any&precision=ms"
    for _ in range(6):
        connection = http.client.HTTPConnection("127.0.0.1", shell.port, timeout=20)
        line = b"reading,sensor=front temperature=9.5 %d\n" % (time.time() * 1000)
        connection.request("POST", path, line, {"Authorization": f"Token {token}"})
        assert connection.getresponse().status == 204
        connection.close()
        time.sleep(1)


def test_routes_say_who_would_be_told_and_that_all_were(shell: Shell) -> None:
    explained = shell.type("route", "explain", "store.room")
    assert explained.exit_code == 0, explained.output
    assert "dispatch" in explained.output
    assert shell.type("route", "explain", "nowhere").exit_code != 0
    audited = shell.type("route", "audit")
    assert audited.exit_code == 0, audited.output
    assert audited.output.endswith(" alerts go on, 0 unexplained\n")


def test_a_window_is_set_listed_and_ended(shell: Shell) -> None:
    made = shell.type(
        "muted", "window", "--zone", "store.room", "--times", "mon-fri 22:00-05:30",
        "--time-zone", "Asia/Shanghai", "--reason", "defrost at night",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    id = made.output.split()[0]
    shell.wait(lambda: id in shell.type("muted", "list").output)
    assert "mon,tue,wed,thu,fri 22:00-05:30 (Asia/Shanghai)" in shell.type("muted", "list").output
    assert shell.type("muted", "end", id, "--reason", "done").output == f"{id} is ended\n"
    shell.wait(lambda: id not in shell.type("muted", "list").output)


def test_rule_tests_are_told_as_pages(shell: Shell) -> None:
    rules = Path(__file__).parents[2] / "data" / "rules" / "scenarios.yaml"
    out = shell.folder / "told"
    told = shell.type("rules", "told", str(rules), "--out", str(out))
    assert told.exit_code == 0, told.output
    assert list(out.rglob("*.md"))

"""`check --probe`: the file is good, and does each source speak?"""

import json
import os
import pty
import threading
from pathlib import Path

import pytest

from coldchain_gateway.cli import check, main

HEAD = '[gateway]\nname = "gw-1"\norganisation = "demo"\n'
LINE = '[[source]]\nkind = "serial_line"\nname = "{name}"\nport = "{port}"\nsensor = "{name}"\n'


def test_a_source_that_says_nothing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "PROBE_S", 3.0)
    lines = {name: pty.openpty() for name in ("talks", "mute")}
    text = HEAD
    for name, (_, slave) in lines.items():
        (tmp_path / name).symlink_to(os.ttyname(slave))
        text += LINE.format(name=name, port=tmp_path / name)
    file = tmp_path / "gateway.toml"
    file.write_text(text)
    ending = threading.Event()

    def talk() -> None:
        while not ending.wait(0.2):
            os.write(lines["talks"][0], json.dumps({"temp": -18.5}).encode() + b"\n")

    talking = threading.Thread(target=talk)
    talking.start()
    try:
        assert main(["--config", str(file), "check", "--probe"]) == 1
    finally:
        ending.set()
        talking.join()
        for ends in lines.values():
            for end in ends:
                os.close(end)
    said = capsys.readouterr().out
    assert "-18.5" in said
    assert "mute: nothing was heard within 3 s" in said
    assert "talks: nothing" not in said
    assert not (tmp_path / "data").exists(), "checking keeps nothing"

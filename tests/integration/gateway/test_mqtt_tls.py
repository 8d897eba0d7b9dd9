"""A broker that demands client certificates: who has one is let in, who has none is told why not."""

import asyncio
import gc
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from coldchain_gateway.cli import main
from coldchain_gateway.sources import MqttConfig, open_source
from coldchain_gateway.sources.mqtt.config import TlsConfig
from coldchain_runtime.clock import SystemClock
from support.parts import require
from support.wires import Kept, MqttWire, running, until


def certificates(folder: Path) -> None:
    """A CA, and certificates by it for the broker and for one client."""
    openssl = str(require("openssl"))

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *key, "-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("broker", "gateway"):
        run("req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
        run("x509", "-req", "-in", f"{name}.csr", *signing, "-out", f"{name}.pem")


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # paho forgets failed handshakes
@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
async def test_a_client_certificate_is_demanded_and_shown(
    tmp_path: Path, kept: Kept, protocol: Literal["3.1.1", "5"]
) -> None:
    await asyncio.to_thread(certificates, tmp_path)
    wire = MqttWire(tmp_path)
    conf = tmp_path / "mosquitto.conf"
    files = "".join(
        f"{key} {tmp_path}/{name}\n"
        for key, name in (("cafile", "ca.pem"), ("certfile", "broker.pem"), ("keyfile", "broker.key"))
    )
    conf.write_text(conf.read_text() + files + "require_certificate true\nuse_identity_as_username true\n")
    wire.plug()
    config = wire.config()
    assert isinstance(config, MqttConfig)
    shown = TlsConfig(ca=Path("ca.pem"), cert=Path("gateway.pem"), key=Path("gateway.key"))
    with_one = replace(config, protocol=protocol, tls=shown, echo_every=600, echo_within=600)
    source = open_source(with_one, clock=SystemClock(), template_dirs=(), folder=tmp_path)
    async with running(source, kept) as loops:
        publish = [str(require("mosquitto_pub")), "-h", "localhost", "-p", str(wire.port), "-q", "1"]
        secured = ["--cafile", "ca.pem", "--cert", "gateway.pem", "--key", "gateway.key"]
        said = ["-t", "zigbee2mqtt/front", "-m", '{"temperature":3}']
        for _ in range(60):
            await asyncio.to_thread(subprocess.run, [*publish, *secured, *said], cwd=tmp_path, check=False)
            if kept.readings():
                break
        assert ("front", 3.0) in kept.readings()
        assert loops.status[0].error == "" or loops.status[0].restarts > 0
    without = replace(with_one, tls=TlsConfig(ca=Path("ca.pem")))
    source = open_source(without, clock=SystemClock(), template_dirs=(), folder=tmp_path)
    async with running(source, kept) as loops:
        # Of TLS 1.3 the broker may refuse it when the handshake is over, of 1.2 within it.
        await until(lambda: "certificate" in loops.status[0].error, 20)
    plain = replace(with_one, tls=None)
    source = open_source(plain, clock=SystemClock(), template_dirs=(), folder=tmp_path)
    async with running(source, kept) as loops:
        await until(lambda: "does it want TLS, or a client certificate?" in loops.status[0].error, 20)
    gc.collect()
    wire.close()


CONFIG = """[gateway]
name = "g"
organisation = "o"
[[source]]
kind = "mqtt"
name = "m"
host = "h"
username = "u"
password = "file:password"
tls.ca = "ca.pem"
tls.cert = "gateway.pem"
tls.key = "gateway.key"
[[source.subscription]]
topic = "zigbee2mqtt/#"
format = "zigbee2mqtt"
"""


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: None, ""),
        (lambda folder: (folder / "password").unlink(), "password cannot be read"),
        (lambda folder: (folder / "gateway.pem").unlink(), "gateway.pem: no such file"),
        (lambda folder: (folder / "ca.pem").unlink() or (folder / "ca.pem").mkdir(), "ca.pem: no"),
        (lambda folder: (folder / "ca.pem").write_text("no certificate"), "ca.pem: "),
        (lambda folder: (folder / "broker.key").rename(folder / "gateway.key"), "KEY_VALUES_MISMATCH"),
    ],
)
def test_check_names_the_file_that_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], object], told: str
) -> None:
    certificates(tmp_path)
    (tmp_path / "password").write_text("correct horse\n")
    file = tmp_path / "gateway.toml"
    file.write_text(CONFIG)
    spoil(tmp_path)
    assert main(["--config", str(file), "check"]) == (1 if told else 0)
    said = capsys.readouterr().out
    assert told in said
    assert ("gateway.toml:4: source[0]: " in said) is bool(told)
    assert main(["--config", str(file), "check", "--no-host"]) == 0

"""A real broker: acknowledged only when kept, redelivered once, retained copies refused, refusals seen."""

import asyncio
import gc
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain.errors import InvalidInput
from coldchain_gateway.sources import MqttConfig, open_source
from coldchain_gateway.sources.mqtt.config import TlsConfig
from coldchain_runtime.clock import SystemClock
from coldchain_runtime.supervisor import LoopState
from support.parts import require
from support.wires import Kept, MqttWire, running, source_on, until


async def ran(program: str, *arguments: str) -> int:
    """Run a helping program to its end."""
    command = [str(require(program)), *arguments]

    def run() -> int:
        return subprocess.run(command, capture_output=True, check=False).returncode

    return await asyncio.to_thread(run)


async def listening(broker: MqttWire, kept: Kept) -> None:
    """Wait until the subscription stands."""
    for _ in range(100):
        await asyncio.to_thread(broker.publish, "zigbee2mqtt/probe", b'{"temperature":1}')
        await asyncio.sleep(0.05)
        if kept.readings():
            return
    raise AssertionError("the source does not listen")


async def test_each_message_is_kept_exactly_once(broker: MqttWire, kept: Kept) -> None:
    async with running(source_on(broker), kept):
        await listening(broker, kept)
        for number in range(50):
            await asyncio.to_thread(broker.publish, "zigbee2mqtt/配送车/前", b'{"temperature":%d}' % number)
        await until(lambda: ("配送车/前", 49.0) in kept.readings())
    assert [value for sensor, value in kept.readings() if sensor == "配送车/前"] == list(range(50))


async def test_what_is_not_committed_is_not_acknowledged_and_comes_again(
    broker: MqttWire, kept: Kept
) -> None:
    """The first life dies between receiving and committing; the broker gives the message to the second."""
    config = broker.config()
    async with running(source_on(broker), kept):
        await listening(broker, kept)
    crashing = Kept()  # its intake never commits
    async with running(open_source(config, clock=SystemClock(), template_dirs=()), crashing):
        await asyncio.to_thread(broker.say, 7.7)
        await until(lambda: crashing.intake.waiting > 0)
    assert 7.7 not in kept.temperatures()
    async with running(open_source(config, clock=SystemClock(), template_dirs=()), kept):
        await until(lambda: 7.7 in kept.temperatures())
    assert kept.temperatures().count(7.7) == 1


async def test_what_is_published_while_the_gateway_is_away_arrives(broker: MqttWire, kept: Kept) -> None:
    async with running(source_on(broker), kept):
        await listening(broker, kept)
    for number in range(20):
        await asyncio.to_thread(broker.say, 10.0 + number)
    async with running(source_on(broker), kept):
        await until(lambda: 29.0 in kept.temperatures())
    assert [value for value in kept.temperatures() if value >= 10] == [10.0 + n for n in range(20)]


async def test_a_broker_that_restarts_loses_and_doubles_nothing(broker: MqttWire, kept: Kept) -> None:
    said = 0
    async with running(source_on(broker), kept):
        await listening(broker, kept)
        for _ in range(3):
            for _ in range(10):
                said += 1
                await asyncio.to_thread(broker.say, 100.0 + said)
            await asyncio.to_thread(broker.unplug)
            broker.plug()
        await until(lambda: 100.0 + said in kept.temperatures())
    found = [value for value in kept.temperatures() if value > 100]
    assert sorted(found) == [100.0 + number for number in range(1, said + 1)]


async def test_a_retained_copy_is_refused_and_a_live_message_of_the_same_publisher_taken(
    broker: MqttWire, kept: Kept
) -> None:
    await asyncio.to_thread(broker.publish, "zigbee2mqtt/front", b'{"temperature":9}', retain=True)
    async with running(source_on(broker), kept):
        await until(lambda: kept.refused("retained") == 1)
        await asyncio.to_thread(broker.publish, "zigbee2mqtt/front", b'{"temperature":8}', retain=True)
        await until(lambda: 8.0 in kept.temperatures())
    assert 9.0 not in kept.temperatures()


async def test_a_refused_login_is_seen_and_named(tmp_path: Path, kept: Kept) -> None:
    wire = MqttWire(tmp_path)
    passwords = tmp_path / "passwords"
    await ran("mosquitto_passwd", "-b", "-c", str(passwords), "gw", "right-one")
    conf = tmp_path / "mosquitto.conf"
    text = conf.read_text().replace(
        "allow_anonymous true", f"allow_anonymous false\npassword_file {passwords}"
    )
    conf.write_text(text)
    wire.plug()
    (tmp_path / "given").write_text("wrong-one")
    config = wire.config()
    assert isinstance(config, MqttConfig)
    login = replace(config, username="gw", password="file:given")
    source = open_source(login, clock=SystemClock(), template_dirs=(), folder=tmp_path)
    async with running(source, kept) as loops:
        await until(lambda: "efuses the connection" in loops.status[0].error)
        assert "wrong-one" not in loops.status[0].error
        (tmp_path / "given").write_text("right-one")
        await until(lambda: loops.status[0].state is LoopState.RUNNING)
        await asyncio.sleep(0.5)
        assert loops.status[0].state is LoopState.RUNNING
    wire.close()


async def test_a_password_that_cannot_be_read_is_seen(broker: MqttWire, kept: Kept, tmp_path: Path) -> None:
    config = broker.config()
    assert isinstance(config, MqttConfig)
    login = replace(config, username="gw", password="file:nowhere")
    source = open_source(login, clock=SystemClock(), template_dirs=(), folder=tmp_path)
    with pytest.raises(InvalidInput, match="nowhere"):
        await source.run(kept.intake)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # paho forgets failed handshakes
async def test_tls_with_a_ca_of_ones_own(tmp_path: Path, kept: Kept) -> None:
    """The right CA is let in; a broker that no CA vouches for is refused."""
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    out = ["-keyout", f"{tmp_path}/key.pem", "-out", f"{tmp_path}/cert.pem"]
    await ran("openssl", "req", "-x509", *key, *subject, *out)
    wire = MqttWire(tmp_path)
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(conf.read_text() + f"certfile {tmp_path}/cert.pem\nkeyfile {tmp_path}/key.pem\n")
    wire.plug()
    config = wire.config()
    assert isinstance(config, MqttConfig)
    trusting = replace(config, tls=TlsConfig(ca=Path("cert.pem")))
    source = open_source(trusting, clock=SystemClock(), template_dirs=(), folder=tmp_path)
    async with running(source, kept):
        message = ["-q", "1", "-t", "zigbee2mqtt/front", "-m", '{"temperature":3}']
        secured = ["-h", "localhost", "-p", str(wire.port), "--cafile", f"{tmp_path}/cert.pem"]
        for _ in range(40):
            await ran("mosquitto_pub", *secured, *message)
            if kept.readings():
                break
    assert ("front", 3.0) in kept.readings()
    distrusting = open_source(
        replace(config, tls=TlsConfig()), clock=SystemClock(), template_dirs=(), folder=tmp_path
    )
    async with running(distrusting, kept) as loops:
        await until(lambda: "certificate verify failed" in loops.status[0].error.lower())
    gc.collect()
    wire.close()

"""Secrets for docker-compose.yml are made once, strong, and readable by nobody who should not."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from tools.secrets import ITERATIONS, MADE, MQTT_USERS, mosquitto_line, write


def test_what_is_there_stays(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    made = write(folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert set(made) == {*MADE, "mosquitto_passwords"} == set(before)
    assert write(folder) == []
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_one_that_was_lost_is_made_again_and_the_broker_learns_it(tmp_path: Path) -> None:
    write(tmp_path)
    kept = (tmp_path / "mqtt_gateway").read_text()
    (tmp_path / "mqtt_devices").unlink()
    assert write(tmp_path) == ["mqtt_devices", "mosquitto_passwords"]
    assert (tmp_path / "mqtt_gateway").read_text() == kept
    lines = (tmp_path / "mosquitto_passwords").read_text().splitlines()
    assert [line.partition(":")[0] for line in lines] == list(MQTT_USERS)
    for user, line in zip(MQTT_USERS, lines, strict=True):
        salt = base64.b64decode(line.split("$")[3])
        assert line == mosquitto_line(user, (tmp_path / f"mqtt_{user}").read_text().strip(), salt)


def test_the_folder_is_closed_and_no_two_secrets_are_alike(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    write(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    values = [(folder / name).read_text().strip() for name in MADE]
    assert len(set(values)) == len(values)
    assert min(map(len, values)) >= 32
    assert (folder / "webhook_key").read_text().startswith("whsec_")


def test_a_line_of_the_password_file_is_pbkdf2_with_sha512() -> None:
    line = mosquitto_line("devices", "pass", b"0123456789ab")
    user, _, rest = line.partition(":")
    kind, rounds, salt, digest = rest.split("$")[1:]
    assert (user, kind, rounds, base64.b64decode(salt)) == ("devices", "7", str(ITERATIONS), b"0123456789ab")
    assert base64.b64decode(digest) == hashlib.pbkdf2_hmac("sha512", b"pass", b"0123456789ab", ITERATIONS)

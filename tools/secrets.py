"""`make secrets`: passwords and tokens for docker-compose.yml, and `.env`; what is there already stays.

The folder is closed to others; the files in it can be read, because each is handed to a container whose user
is nobody here.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "deploy" / "compose" / "secrets"
MQTT_USERS = ("gateway", "devices", "health")
ITERATIONS = 101
"""As mosquitto_passwd does by default; the passwords have 192 random bits."""


def token() -> str:
    """192 random bits."""
    return secrets.token_urlsafe(24)


def webhook_key() -> str:
    """A shared secret of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


MADE: Mapping[str, Callable[[], str]] = {
    **{f"mqtt_{user}": token for user in MQTT_USERS},
    "influx_password": token,
    "influx_admin_token": token,
    "grafana_password": token,
    "webhook_key": webhook_key,
}


def mosquitto_line(user: str, password: str, salt: bytes) -> str:
    """A line of mosquitto's password file: PBKDF2 with SHA-512, its kind 7."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"{user}:$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def write(folder: Path) -> list[str]:
    """Make what is missing; the names of what was made."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = []
    for name, make in MADE.items():
        if not (folder / name).exists():
            _put(folder / name, make() + "\n")
            made.append(name)
    if made or not (folder / "mosquitto_passwords").exists():
        lines = (
            mosquitto_line(user, (folder / f"mqtt_{user}").read_text().strip(), secrets.token_bytes(12))
            for user in MQTT_USERS
        )
        _put(folder / "mosquitto_passwords", "\n".join(lines) + "\n")
        made.append("mosquitto_passwords")
    return made


def _put(file: Path, text: str) -> None:
    part = file.with_name(f".{file.name}")
    part.write_text(text)
    part.chmod(0o444)
    part.rename(file)


def main() -> int:
    """Write secrets and `.env`."""
    made = write(FOLDER)
    print(f"secrets: made {', '.join(made)} in {FOLDER.relative_to(ROOT)}" if made else "secrets: all there")
    if not (ROOT / ".env").exists():
        shutil.copy(ROOT / ".env.example", ROOT / ".env")
        print("secrets: made .env from .env.example")
    print("Grafana's user is admin, its password in deploy/compose/secrets/grafana_password")
    return 0


if __name__ == "__main__":
    sys.exit(main())

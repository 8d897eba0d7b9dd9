"""Makes two tokens in InfluxDB, each for the one bucket alone: `mirror` may write, `grafana` may read.

Runs at every start, and again only for a token that is not there. The admin token stays with this script.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

URL = os.environ.get("INFLUX_URL", "http://influxdb:8086")
ORG = os.environ.get("INFLUX_ORG", "coldchain")
BUCKET = os.environ.get("INFLUX_BUCKET", "coldchain")
ADMIN = Path("/run/secrets/influx_admin_token")
INTO = Path("/var/lib/coldchain-tokens")
direct = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
"""Past the proxy that Docker may name to every container: InfluxDB is beside this one."""
TOKENS = {"mirror": ("read", "write"), "grafana": ("read",)}


def ask(path: str, body: object = None) -> dict[str, object]:
    """The server's answer as a document."""
    request = urllib.request.Request(
        URL + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Token {ADMIN.read_text().strip()}", "Content-Type": "application/json"},
    )
    with direct(request, timeout=30) as answer:
        document: dict[str, object] = json.load(answer)
        return document


def id_of(path: str, kind: str) -> str:
    """The id of the one thing that the server lists under this path."""
    found = ask(path).get(kind)
    if not isinstance(found, list) or len(found) != 1:
        raise SystemExit(f"influx-tokens: InfluxDB has no such thing: {path}")
    return str(found[0]["id"])


def main() -> None:
    """Make what is missing."""
    missing = {name: actions for name, actions in TOKENS.items() if not (INTO / name).exists()}
    if not missing:
        return
    org = id_of(f"/api/v2/orgs?org={quote(ORG)}", "orgs")
    bucket = id_of(f"/api/v2/buckets?orgID={org}&name={quote(BUCKET)}", "buckets")
    for name, actions in missing.items():
        resource = {"type": "buckets", "id": bucket, "orgID": org}
        permissions = [{"action": action, "resource": resource} for action in actions]
        made = ask(
            "/api/v2/authorizations",
            {"orgID": org, "description": f"coldchain {name}", "permissions": permissions},
        )
        part = INTO / f".{name}"
        part.write_text(f"{made['token']}\n")
        part.chmod(0o444)
        part.rename(INTO / name)
        print(f"influx-tokens: {name} may {' and '.join(actions)} {BUCKET}")


if __name__ == "__main__":
    try:
        main()
    except (urllib.error.URLError, OSError) as error:
        sys.exit(f"influx-tokens: {URL}: {error}")

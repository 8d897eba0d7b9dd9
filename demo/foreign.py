"""Servers that are there already: an InfluxDB that the backend mirrors to, a Grafana with the dashboards.

They are named by the environment (`make demo INFLUX_URL=… INFLUX_TOKEN=… GRAFANA_URL=… GRAFANA_TOKEN=…`);
their tokens go to files that the owner alone reads, and by reference from there.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.request import Request, urlopen

from demo.api import Json
from demo.neighbour import ZONE
from demo.programs import ProgramFailed, installed, run
from demo.summary import Check

BOARDS = ("compliance", "zone", "alerts", "gateways", "calendar")
WITHIN_S = 120.0
ASK_S = 10.0
_TOTAL = re.compile(r"(\d+) queries, (\d+) rows, (\d+) with something wrong, (\d+) empty[^\n]*")


def mirrored(state: Json) -> Check:
    """Whether nothing keeps the mirror from writing, by what the backend says of it."""
    said = state if isinstance(state, dict) else {}
    written = f"{said.get('ledger')} of {said.get('judged')} records mirrored"
    found = f"{said['trouble']}: {said.get('message')}" if said.get("trouble") else written
    return Check(statement="nothing is in the way of the mirror", found=found, holds=not said.get("trouble"))


class NotNamed(Exception):
    """Something of a server is named and something else is missing; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """An InfluxDB, and perhaps a Grafana; without `grafana_url` there are no dashboards."""

    influx_url: str
    influx_token: str = field(default="", repr=False)
    bucket: str = "coldchain"
    organisation: str = ""
    grafana_url: str = ""
    grafana_token: str = field(default="", repr=False)

    @classmethod
    def named(cls, environment: Mapping[str, str]) -> Self | None:
        """What the environment names; None where it names nothing, NotNamed where half is missing."""
        influx_url, grafana_url = environment.get("INFLUX_URL", ""), environment.get("GRAFANA_URL", "")
        if not influx_url and not grafana_url:
            return None
        if not influx_url:
            raise NotNamed("GRAFANA_URL needs INFLUX_URL: dashboards show what is mirrored there")
        if grafana_url and not environment.get("GRAFANA_TOKEN"):
            raise NotNamed("GRAFANA_URL needs GRAFANA_TOKEN, of a service account with role Admin")
        return cls(
            influx_url=influx_url.rstrip("/"),
            influx_token=environment.get("INFLUX_TOKEN", ""),
            bucket=environment.get("INFLUX_BUCKET") or "coldchain",
            organisation=environment.get("INFLUX_ORG", ""),
            grafana_url=grafana_url.rstrip("/"),
            grafana_token=environment.get("GRAFANA_TOKEN", ""),
        )

    def mirror_section(self, folder: Path) -> str:
        """What the backend's file says of it; its token lies in the folder."""
        lines = ["", "[mirror]", f'url = "{self.influx_url}"', f'bucket = "{self.bucket}"', "create = true"]
        organisation = self.organisation or self._organisation_there()
        lines += [f'org = "{organisation}"'] if organisation else []
        if self.influx_token:
            lines.append(f'token = "file:{self._kept(folder, "influx-token", self.influx_token)}"')
        return "\n".join(lines) + "\n"

    def bring_dashboards(self, folder: Path, console: str) -> list[str]:
        """Bring the dashboards and give the links to them; none without a Grafana."""
        if not self.grafana_url:
            return []
        token = self._kept(folder, "grafana-token", self.grafana_token)
        run(
            [
                installed("coldchain-dashboards"), "sync", "--console", console, *self._influx(folder),
                "--grafana-url", self.grafana_url, "--grafana-token-file", str(token),
            ],
            within_s=WITHIN_S,
        )  # fmt: skip
        return [f"{self.grafana_url}/d/coldchain-{board}-en" for board in BOARDS]

    def check(self, folder: Path) -> Check:
        """Whether every query of every panel has rows where it should."""
        command = [installed("coldchain-dashboards"), "check", "--all", "--zone", ZONE, *self._influx(folder)]
        try:
            total = _TOTAL.search(run(command, within_s=WITHIN_S))
            found, holds = total[0] if total else "nothing was asked", total is not None
        except ProgramFailed as failed:
            wrong = [line for line in str(failed).splitlines() if line.startswith(("NO", "--"))]
            found, holds = "; ".join(wrong[:3]), False
        return Check(statement="every panel's query has rows", found=found, holds=holds)

    def _organisation_there(self) -> str:
        """The organisation of InfluxDB 2 that the token sees; empty for 1.x, and where it may see none."""
        request = Request(f"{self.influx_url}/api/v2/orgs")  # noqa: S310 - the address that was given
        request.add_header("Authorization", f"Token {self.influx_token}")
        with suppress(OSError, ValueError), urlopen(request, timeout=ASK_S) as answer:  # noqa: S310 - likewise
            for one in json.loads(answer.read()).get("orgs", []):
                return str(one["name"])
        return ""

    def _influx(self, folder: Path) -> list[str]:
        named = ["--influx-url", self.influx_url, "--bucket", self.bucket]
        if self.influx_token:
            token = self._kept(folder, "influx-token", self.influx_token)
            named += ["--influx-token-file", str(token)]
        return named

    def _kept(self, folder: Path, name: str, secret: str) -> Path:
        file = folder / name
        file.touch(0o600)
        file.write_text(secret, "utf-8")
        return file

"""The folder from which a Grafana takes dashboards and data source at its start, without any call."""

from pathlib import Path
from typing import Final

from coldchain_dashboards.board import CONSOLE, DATASOURCE
from coldchain_dashboards.generate import write
from coldchain_dashboards.sync import FOLDER_UID, SOURCE_UID

SOURCES: Final = f"""\
# Grafana fills in ${{…}} from its environment. INFLUX_TOKEN needs to read the bucket only.
apiVersion: 1
datasources:
  - name: {DATASOURCE}
    uid: {SOURCE_UID}
    type: influxdb
    access: proxy
    url: ${{INFLUX_URL}}
    database: ${{INFLUX_BUCKET}}
    jsonData:
      version: InfluxQL
      httpMode: POST
      dbName: ${{INFLUX_BUCKET}}
      httpHeaderName1: Authorization
    secureJsonData:
      httpHeaderValue1: Token ${{INFLUX_TOKEN}}
"""
PROVIDERS: Final = """\
apiVersion: 1
providers:
  - name: coldchain
    folder: Coldchain
    folderUid: {folder}
    type: file
    disableDeletion: false
    allowUiUpdates: false
    options:
      path: {path}
"""
PLACE: Final = "/etc/grafana/provisioning"
"""Where Grafana looks for the folder unless it is told otherwise."""


def write_provisioning(into: Path, *, console: str = CONSOLE, place: str = PLACE) -> list[Path]:
    """Write data source, provider and dashboards; `place` is where Grafana will see the folder."""
    boards = into / "dashboards" / "coldchain"
    files = {
        into / "datasources" / "coldchain.yaml": SOURCES,
        into / "dashboards" / "coldchain.yaml": PROVIDERS.format(
            folder=FOLDER_UID, path=f"{place.rstrip('/')}/dashboards/coldchain"
        ),
    }
    for file, content in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
    return [*files, *write(boards, console=console)]

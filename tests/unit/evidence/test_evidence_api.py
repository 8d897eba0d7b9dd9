"""The archive through the API: a regulator may take it, and the ledger says who did."""

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import orjson
import pytest

from coldchain_backend.access import Role
from coldchain_backend.evidence import Source
from coldchain_backend.ingest import GatewayKey
from coldchain_backend.ingest.keys import AdmittedBy
from coldchain_backend.ledger import Kind, read_json
from coldchain_backend.web import evidence
from support.evidence import BACKEND
from support.judged_log import ORGANISATION, T0
from support.web_app import WebApp, fill

PATH = "/api/v1/evidence"
TIMES = {"from": "2026-11-22T20:00:00Z", "to": "2026-11-23T02:00:00Z"}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    folder = tmp_path_factory.mktemp("web")
    web = WebApp(folder)
    fill(web)
    key = GatewayKey(name="gw", public=web.log.voice.key.public, by=AdmittedBy.CODE, admitted_ms=T0)
    source = Source(
        organisation=ORGANISATION,
        ledger=web.log.ledger,
        answers=web.log.answers,
        known_keys=lambda: [key],
        key=BACKEND,
    )
    web.app.state.exports = evidence.Exports(source, folder)
    yield web
    web.close()


async def test_an_archive_of_a_zone(web: WebApp, tmp_path: Path) -> None:
    async with web.client(Role.REGULATOR) as client:
        answer = await client.get(PATH, params={"zone": "cq-store.vaccine", "language": "zh", **TIMES})
    assert answer.status_code == 200, answer.text
    assert "evidence-cq-store.vaccine-20261122-20261123.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        judged = orjson.loads(archive.read("judged.json"))
        report = archive.read("report.html").decode()
    assert {part["point"] for part in judged["parts"]} == {"cq-store.vaccine.shelf"}
    assert '<html lang="zh">' in report
    assert "疫苗柜" in report
    assert "陈静" in report
    record = web.log.ledger.read(web.log.ledger.end - 1, 1)[0]
    assert record.kind is Kind.ACT
    act = read_json(record.payload)
    assert (act["act"], act["by"], act["zone"]) == ("evidence", "regulator 王伟", "cq-store.vaccine")


async def test_an_archive_of_an_asset_holds_all_its_zones_in_use(web: WebApp) -> None:
    async with web.client() as client:
        answer = await client.get(PATH, params={"asset": "cq-store", **TIMES})
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        judged = orjson.loads(archive.read("judged.json"))
        names = archive.namelist()
    assert {part["zone"] for part in judged["parts"]} == {
        "cq-store.chiller", "cq-store.freezer", "cq-store.vaccine", "cq-store.dock",
    }  # fmt: skip
    assert sum(name.startswith("batches/") for name in names) == 1


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({}, "give either"),
        ({"zone": "a", "asset": "b"}, "give either"),
        ({"zone": "nowhere"}, "no zone or asset nowhere"),
        ({"zone": "cq-store.spare"}, "nothing to show"),
    ],
)
async def test_what_there_is_not_is_told(web: WebApp, asked: dict[str, str], why: str) -> None:
    async with web.client() as client:
        answer = await client.get(PATH, params={**TIMES, **asked})
    assert answer.status_code == 400
    assert why in answer.json()["message"]


async def test_nobody_takes_it_without_a_name(web: WebApp) -> None:
    async with web.client(None) as client:
        assert (await client.get(PATH, params={"zone": "cq-store.vaccine", **TIMES})).status_code == 401

"""GET /api/v1/evidence: one archive that proves a zone's time to a stranger; who took it is recorded."""

import os
import tempfile
from asyncio import Lock, to_thread
from hashlib import file_digest
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from coldchain.errors import InvalidInput
from coldchain.words import Language
from coldchain_backend.evidence import Question, Source, export
from coldchain_backend.ledger import ActName, act_record
from coldchain_backend.web.api.shapes import From, Name, To, window
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted

router = APIRouter(prefix="/api/v1", tags=["evidence"], responses=FAILURES)


class Exports:
    """Makes one archive at a time: each reads a part of the ledger."""

    def __init__(self, source: Source, folder: Path) -> None:
        self.source, self.folder, self.lock = source, folder, Lock()


@router.get("/evidence", response_class=FileResponse)
async def evidence(  # noqa: PLR0913 - each is a documented query parameter
    request: Request,
    services: Wanted,
    person: Asker,
    *,
    zone: Name | None = None,
    asset: Name | None = None,
    from_: From = None,
    to: To = None,
    language: Annotated[Language, Query(description="what the report shows first")] = Language.EN,
) -> FileResponse:
    """A zip archive: sealed batches, keys, verdicts, excursions, configuration, calibration, cadence, a
    printable report, and `verify.py`, which checks all of it with nothing but Python.

    Of one `zone` or of all zones of one `asset`. An act in the ledger says who took it.
    """
    if (zone is None) == (asset is None):
        raise InvalidInput("give either `zone` or `asset`")
    exports: Exports = request.app.state.exports
    from_ms, to_ms = window(from_, to, services.clock.now_ms())
    question = Question(
        zone=zone, asset=asset, from_ms=from_ms, to_ms=min(to_ms, services.clock.now_ms()), by=person.name,
        language=language,
    )  # fmt: skip
    async with exports.lock:
        path, name, digest = await to_thread(_make, exports, question, services.clock.now_ms())
    about = {"zone": zone, "asset": asset, "from_ms": from_ms, "to_ms": question.to_ms, "sha256": digest}
    await services.ledger.append([act_record(ActName.EVIDENCE.value, person.name, about)])
    return FileResponse(
        path, filename=name, media_type="application/zip", background=BackgroundTask(path.unlink)
    )


def _make(exports: Exports, question: Question, now_ms: int) -> tuple[Path, str, str]:
    handle, name = tempfile.mkstemp(prefix="evidence-", suffix=".zip", dir=exports.folder)
    os.close(handle)
    path = Path(name)
    try:
        shown = export(exports.source, question, path, now_ms, lambda _: None)
        with path.open("rb") as file:
            return path, shown, file_digest(file, "sha256").hexdigest()
    except BaseException:
        path.unlink()
        raise

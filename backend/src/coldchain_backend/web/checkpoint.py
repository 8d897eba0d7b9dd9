"""GET /api/v1/checkpoint: a signed statement to take away, by which a cut-off end is found later."""

from asyncio import to_thread
from collections.abc import Callable, Sequence

from fastapi import APIRouter, Request, Response

from coldchain_backend.ingest import RunHead
from coldchain_backend.ledger import Statement
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker
from coldchain_backend.web.write import Admitted

router = APIRouter(prefix="/api/v1", tags=["evidence"], responses=FAILURES)


@router.get("/checkpoint", response_class=Response)
async def checkpoint(request: Request, person: Asker, admission: Admitted) -> Response:
    """The head of the log and every gateway's last number, signed now by the backend's key.

    Its form is that of the daily checkpoint; `coldchain-backend verify --checkpoint FILE` holds the ledger
    against it.
    """
    sign: Callable[[Sequence[RunHead]], Statement] = request.app.state.statement
    statement = await to_thread(sign, admission.heads())
    return Response(statement.encode(), media_type="application/json")

"""Every error in one shape: {"code", "message"}, with a file's mistakes; people get a page instead."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from coldchain.errors import ColdchainError, ConfigError, IntegrityError, InvalidInput, Refused, Unavailable
from coldchain_backend.web.console import is_page, page_error

RETRY_AFTER_S = "5"
_CODES = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not found",
    405: "method not allowed",
    409: "conflict",
    413: "request too large",
    415: "unsupported media type",
    422: "unprocessable entity",
    429: "too many requests",
    503: "unavailable",
}
_STATUS: Sequence[tuple[type[ColdchainError], int]] = (
    (InvalidInput, 400),
    (Refused, 403),
    (Unavailable, 503),
    (IntegrityError, 500),
)


class Mistake(BaseModel):
    """One mistake in a hand-written file."""

    file: str
    line: int | None
    key: str
    message: str


class Failure(BaseModel):
    """What every error looks like; `mistakes` only for a file."""

    code: str
    message: str
    mistakes: list[Mistake] | None = None


FAILURES: dict[int | str, dict[str, object]] = {
    "4XX": {"model": Failure, "description": "what is wrong with the request"},
    "5XX": {"model": Failure, "description": "the server cannot answer now"},
}


def install_errors(app: FastAPI) -> None:
    """Give an application the one shape of errors."""
    app.add_exception_handler(ColdchainError, _own)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _broken)


def failure(
    status: int, message: str, mistakes: list[Mistake] | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error answer."""
    body = Failure(code=_CODES.get(status, "internal error"), message=message, mistakes=mistakes)
    return JSONResponse(body.model_dump(exclude_none=True), status_code=status, headers=headers)


async def _own(request: Request, error: Exception) -> Response:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    if is_page(request):
        shown = str(error) if status < HTTPStatus.INTERNAL_SERVER_ERROR else None
        return await page_error(request, HTTPException(status, shown))
    headers = {"Retry-After": RETRY_AFTER_S} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return failure(status, str(error), _mistakes(error), headers)


def _mistakes(error: Exception) -> list[Mistake] | None:
    if not isinstance(error, ConfigError):
        return None
    return [Mistake(file=one.file, line=one.line, key=one.key, message=one.message) for one in error.mistakes]


async def _invalid(request: Request, error: Exception) -> Response:
    if is_page(request):
        return await page_error(request, HTTPException(400))
    found = error.errors() if isinstance(error, RequestValidationError) else []
    said = [
        f"{'.'.join(str(part) for part in one['loc'][1:]) or one['loc'][0]}: {one['msg']}" for one in found
    ]
    return failure(400, "; ".join(said[:20]))


async def _http(request: Request, error: Exception) -> Response:
    status, detail, headers = 500, "", None
    if isinstance(error, HTTPException):
        status, detail, headers = error.status_code, str(error.detail), error.headers
        if is_page(request):
            return await page_error(request, error)
    return failure(status, detail, headers=headers)


async def _gone(_request: Request, _error: Exception) -> Response:
    """A client that left before its body was whole: nobody hears the answer, and it is no fault of ours."""
    return failure(400, "the body ended before it was whole")


async def _broken(request: Request, error: Exception) -> Response:
    """What nobody foresaw: told without its words, which go to the log of the server alone."""
    del error
    if is_page(request):
        return await page_error(request, HTTPException(500))
    return failure(500, "the server failed; its log says why")

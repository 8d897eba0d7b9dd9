"""Gateways come and go: one-time codes, enrolment, watch bundles, revocation, numbers declared lost."""

from asyncio import to_thread
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from coldchain.errors import InvalidInput
from coldchain.seal import Key, encode_public, fingerprint
from coldchain.watch import make_envelope
from coldchain_backend.access import Grant, Noted, Purpose, What
from coldchain_backend.fleet import bundle_for
from coldchain_backend.ingest import Lost, public_key
from coldchain_backend.ledger import check_kept
from coldchain_backend.web.api.shapes import ms_of
from coldchain_backend.web.auth import Asked, address_of
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.gateway_names import NAME
from coldchain_backend.web.issuing import Issuing
from coldchain_backend.web.services import Asker, Services, Wanted
from coldchain_backend.web.write import Admitted

WRONG_CODES: Final = 10
WRONG_WITHIN_MS: Final = 60_000
router = APIRouter(prefix="/api/v1/gateways", tags=["gateways"], responses=FAILURES)


def key_of(request: Request) -> Key:
    """The backend's own key."""
    key: Key = request.app.state.key
    return key


class WrongCodes:
    """Slows down whoever guesses codes: so many wrong ones a minute, for all together."""

    def __init__(self) -> None:
        self._times: list[int] = []

    def too_many(self, now_ms: int) -> bool:
        """Whether no further code is looked at now."""
        self._times = [time for time in self._times if now_ms - time < WRONG_WITHIN_MS]
        return len(self._times) >= WRONG_CODES

    def count(self, now_ms: int) -> None:
        """One was wrong."""
        self._times.append(now_ms)


class CodeWish(BaseModel):
    """The name under which a gateway may enrol."""

    name: str = Field(pattern=NAME)


class Code(BaseModel):
    """Good once, for a day."""

    name: str
    code: str


class Enrolment(BaseModel):
    """What a gateway sends with its code; the public key is 32 bytes in base64."""

    code: str = Field(max_length=40)
    name: str = Field(pattern=NAME)
    public_key: str = Field(max_length=64)


class Enrolled(BaseModel):
    """What a gateway needs from now on; the token is shown once."""

    organisation: str
    gateway: str
    token: str
    backend_public_key: str


class Revocation(BaseModel):
    """Why a gateway's keys are refused from now on; `key` narrows it to one fingerprint.

    from_  what was received from this instant on counts no more; default: from now on
    """

    reason: str = Field(min_length=3, max_length=500)
    key: str | None = Field(default=None, pattern="^[0-9a-f]{32}$")
    from_: AwareDatetime | None = Field(default=None, alias="from")


class Revoked(BaseModel):
    """The fingerprints that are refused now."""

    gateway: str
    keys: list[str]


class LostNumbers(BaseModel):
    """Numbers of a run that will never come."""

    key: str = Field(pattern="^[0-9a-f]{32}$")
    run: str = Field(pattern=NAME)
    first: int = Field(ge=1)
    last: int = Field(ge=1, le=1_000_000_000)
    reason: str = Field(min_length=3, max_length=500)


@router.post("/codes")
async def make_code(wish: CodeWish, person: Asker, auth: Asked, services: Wanted) -> Code:
    """Make a one-time code; an older one of the same name is void."""
    code = await Issuing(auth=auth, services=services, person=person).code(wish.name)
    return Code(name=wish.name, code=code)


@router.post("/enroll")
async def enrol(
    wish: Enrolment, request: Request, auth: Asked, admission: Admitted, services: Wanted
) -> Enrolled:
    """Trade a one-time code for a token; the gateway's key is admitted by a record of the ledger."""
    wrong: WrongCodes = request.app.state.wrong_codes
    now_ms = auth.clock.now_ms()
    if wrong.too_many(now_ms):
        raise HTTPException(429, headers={"Retry-After": "60"})
    try:
        public = public_key(wish.public_key)
    except InvalidInput as error:
        raise HTTPException(400, str(error)) from error
    if not await to_thread(auth.tokens.spend_code, wish.code, wish.name, now_ms):
        wrong.count(now_ms)
        why = await to_thread(auth.tokens.why_refused, wish.code, wish.name, now_ms)
        await _note(services, wish.name, f"refused, {why}, from {address_of(request)}")
        raise HTTPException(403)
    await admission.acts.enrol(wish.name, public, by=f"code for {wish.name}")
    await _note(services, wish.name, f"used from {address_of(request)} for key {fingerprint(public)}")
    grant = Grant(name=wish.name, purpose=Purpose.GATEWAY, made_ms=now_ms)
    token = await to_thread(auth.tokens.issue, grant)
    return Enrolled(
        organisation=services.organisation,
        gateway=wish.name,
        token=token,
        backend_public_key=encode_public(key_of(request).public),
    )


async def _note(services: Services, gateway: str, said: str) -> None:
    """What was done with a code for a gateway; there are no more than the slowing down lets through."""
    entry = Noted(
        by="",
        what=What.ENROLMENT_CODE,
        subject=f"gateway {gateway}",
        at_ms=services.clock.now_ms(),
        new=said,
    )
    await to_thread(services.audit.note, entry)


@router.get("/self/watch", response_class=Response)
async def watch(request: Request, auth: Asked, services: Wanted) -> Response:
    """The signed watch bundle of the gateway that asks; 304 where it has it already."""
    writer = auth.writer(request)
    if writer.purpose is not Purpose.GATEWAY:
        raise HTTPException(403)
    fleet = await to_thread(services.fleet_in_force)
    bundle = bundle_for(fleet, writer.name, services.clock.now_ms())
    headers = {"ETag": f'"{bundle.version}"', "Coldchain-Watch": bundle.version, "Cache-Control": "no-cache"}
    asked = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if headers["ETag"] in asked:
        return Response(status_code=304, headers=headers)
    envelope = make_envelope(bundle, key_of(request))
    return Response(envelope, media_type="application/json", headers=headers)


@router.post("/{name}/revoke")
async def revoke(  # noqa: PLR0913, PLR0917 - who asks, of what, through which doors
    name: str, wish: Revocation, person: Asker, auth: Asked, admission: Admitted, services: Wanted
) -> Revoked:
    """Refuse a gateway's keys and void its tokens; what was received before `from` stands.

    What was received from then on stays in the ledger and counts as unknown time: verdicts and excursions get
    a new revision that names this act. A key may be revoked again, from an earlier instant on.
    """
    now_ms = auth.clock.now_ms()
    from_ms = None if wish.from_ is None else ms_of(wish.from_)
    if from_ms is not None and from_ms > now_ms:
        raise HTTPException(400, "`from` lies in the future")
    if from_ms is not None:
        await to_thread(check_kept, services.ledger, from_ms)
    known = admission.keys.of(name) if from_ms is None else admission.keys.revocable(name, from_ms)
    keys = [key for key in known if wish.key in (None, fingerprint(key.public))]
    if not keys:
        raise HTTPException(404, f"no key in force under {name}")
    for key in keys:
        await admission.acts.revoke(key, person.name, wish.reason, from_ms)
    if not admission.keys.of(name):
        await to_thread(auth.tokens.revoke, Purpose.GATEWAY, name)
    return Revoked(gateway=name, keys=[fingerprint(key.public) for key in keys])


@router.post("/{name}/declare-lost", status_code=204)
async def declare_lost(name: str, wish: LostNumbers, person: Asker, admission: Admitted) -> Response:
    """Say that numbers of a run will never come; they count as unknown time from now on."""
    key = admission.keys.find(wish.key)
    if key is None or key.name != name:
        raise HTTPException(404, f"{name} has no key {wish.key}")
    if wish.first > wish.last:
        raise HTTPException(400, "first lies behind last")
    lost = Lost(key=wish.key, run=wish.run, first=wish.first, last=wish.last, reason=wish.reason)
    await admission.acts.declare_lost(lost, person.name)
    return Response(status_code=204)

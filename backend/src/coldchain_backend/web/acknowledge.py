"""Taking notice of an alert: the act goes to the ledger first; judging reads it from there."""

from coldchain.errors import InvalidInput
from coldchain_backend.ledger import ActName, Json, act_record
from coldchain_backend.web.services import Services

MAX_REASON = 500


async def write_acknowledgement(
    services: Services, *, alert: str, by: str, reason: str, via: str | None = None
) -> None:
    """Append the act and return when it is durable; raises InvalidInput without a printable reason.

    via   the receiver whose link was used, where nobody was signed in
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > MAX_REASON or not reason.isprintable():
        raise InvalidInput(f"a reason of 1 to {MAX_REASON} printable characters is needed")
    details: dict[str, Json] = {"alert": alert, "reason": reason}
    if via is not None:
        details |= {"via": "link", "receiver": via}
    await services.ledger.append([act_record(ActName.ACKNOWLEDGE, by, details)])

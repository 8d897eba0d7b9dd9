"""Taking notice of an alert: the act goes to the ledger first; judging reads it from there."""

from coldchain.errors import InvalidInput
from coldchain_backend.ledger import ActName, act_record
from coldchain_backend.web.services import Services

MAX_REASON = 500


async def write_acknowledgement(services: Services, *, alert: str, by: str, reason: str) -> None:
    """Append the act and return when it is durable; raises InvalidInput without a printable reason."""
    reason = " ".join(reason.split())
    if not reason or len(reason) > MAX_REASON or not reason.isprintable():
        raise InvalidInput(f"a reason of 1 to {MAX_REASON} printable characters is needed")
    await services.ledger.append([act_record(ActName.ACKNOWLEDGE, by, {"alert": alert, "reason": reason})])

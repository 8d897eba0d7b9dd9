"""Taking notice of an alert: the act goes to the ledger first; judging reads it from there."""

from coldchain.errors import InvalidInput
from coldchain_backend.ledger import ActName, Json, act_record
from coldchain_backend.web.services import Services

MAX_REASON = 500


async def write_acknowledgement(  # noqa: PLR0913 - who, what, why and through which door
    services: Services, *, alert: str, by: str, reason: str, action: str = "", via: str | None = None
) -> None:
    """Append the act and return when it is durable; raises InvalidInput without a printable reason.

    action   what is done about it, where somebody says so
    via      the receiver whose link was used, where nobody was signed in
    """
    details: dict[str, Json] = {"alert": alert, "reason": sentence(reason)}
    if action.strip():
        details["action"] = sentence(action)
    if via is not None:
        details |= {"via": "link", "receiver": via}
    await services.ledger.append([act_record(ActName.ACKNOWLEDGE, by, details)])


def sentence(text: str) -> str:
    """What a person says as one line; raises InvalidInput for nothing, too much or what cannot be printed."""
    said = " ".join(text.split())
    if not said or len(said) > MAX_REASON or not said.isprintable():
        raise InvalidInput(f"a reason of 1 to {MAX_REASON} printable characters is needed")
    return said

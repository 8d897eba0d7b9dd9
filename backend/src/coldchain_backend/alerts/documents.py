"""Parts of an alert as JSON: whole for the ledger's record of what a rebuild took back, or for receivers."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from cattrs import Converter
from cattrs.errors import BaseValidationError

from coldchain.errors import IntegrityError
from coldchain_backend.alerts.context import Context
from coldchain_backend.alerts.states import Alert

_PHONE: Final = re.compile(r"^(?P<name>.*?)[\s:：]*(?P<phone>\+?[0-9][0-9 ()/-]{3,})$")
_converter = Converter(omit_if_default=True)


def alert_document(alert: Alert) -> dict[str, object]:
    """The alert with its cause and who was told."""
    document: dict[str, object] = _converter.unstructure(alert)
    return document


def alert_from(document: Mapping[str, object]) -> Alert:
    """Read what `alert_document` wrote. Raises IntegrityError for anything else."""
    try:
        return _converter.structure(dict(document), Alert)
    except (BaseValidationError, TypeError, ValueError) as error:
        raise IntegrityError(f"not an alert: {error!r}") from error


def contacts_document(contacts: Sequence[str]) -> list[dict[str, str]]:
    """Contacts as an asset names them, such as "Wang 138 0000 0000": name and phone apart."""
    found = []
    for contact in contacts:
        parts = _PHONE.match(contact.strip())
        name, phone = (contact.strip(), "") if parts is None else (parts["name"], parts["phone"])
        found.append({"name": name, "phone": phone})
    return found


def context_document(context: Context | None) -> dict[str, object]:
    """What is known around a cause, as receivers and API get it; empty values where nothing is known."""
    known = context or Context()
    place = known.position
    position = None
    if place is not None:
        position = {"latitude": place.latitude, "longitude": place.longitude, "at": iso(place.at_ms)}
    siblings = [
        {"point": one.point, "value_c": one.value, "out": one.out, "at": _maybe(one.at_ms)}
        for one in known.siblings
    ]
    return {
        "degree_minutes": known.degree_minutes,
        "last_contact_at": _maybe(known.last_contact_ms),
        "position": position,
        "context": {
            "door": _switch(known.door_open, "open", "closed"),
            "defrost": _switch(known.defrost, "on", "off"),
            "mains": _switch(known.mains, "on", "off"),
            "ups_charge": known.ups_charge,
            "siblings": siblings,
        },
    }


@lru_cache(maxsize=1024)
def iso(at_ms: int) -> str:
    """ISO 8601, UTC, milliseconds."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}Z"


def _maybe(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)


def _switch(on: bool | None, yes: str, no: str) -> str | None:  # noqa: FBT001 - the value of a switch
    return None if on is None else (yes if on else no)

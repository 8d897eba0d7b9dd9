"""Fleet versions as ledger payloads: the canonical plan, the file's text, who applied it and why."""

from hashlib import sha256

import orjson
from cattrs import Converter
from cattrs.errors import BaseValidationError

from coldchain.errors import IntegrityError
from coldchain_backend.fleet.assignments import FleetVersion
from coldchain_backend.fleet.things import Plan

FORMAT = 1
_converter = Converter(omit_if_default=True)


def canonical(plan: Plan) -> bytes:
    """One and the same JSON for equal plans: keys sorted, defaults left out."""
    return orjson.dumps(_converter.unstructure(plan), option=orjson.OPT_SORT_KEYS)


def digest_of(plan: Plan) -> str:
    """The digest by which two plans are equal: SHA-256 of the canonical JSON, in hexadecimal."""
    return sha256(canonical(plan)).hexdigest()


def fleet_record(  # noqa: PLR0913 - each is a field of the record
    *, plan: Plan, text: str, by: str, reason: str | None, base: int, from_ms: int | None = None
) -> bytes:
    """The payload of the ledger record of a fleet version; `base` is the version number it was made from.

    `from_ms`: since when it is valid, where that lies before the record's stamp.
    """
    fields = {
        "format": FORMAT,
        "by": by,
        "reason": reason,
        "base": base,
        "text": text,
        "plan": orjson.Fragment(canonical(plan)),
    }
    return orjson.dumps(fields if from_ms is None else {**fields, "from": from_ms})


def version_of(*, offset: int, received_ms: int, payload: bytes) -> FleetVersion:
    """Read a fleet record, valid from its stamp on or from the earlier instant that it names.

    Raises IntegrityError if its format is not known.
    """
    try:
        fields = orjson.loads(payload)
        if fields["format"] != FORMAT:
            raise IntegrityError(f"record {offset} has fleet format {fields['format']}, not {FORMAT}")
        plan = _converter.structure(fields["plan"], Plan)
        by, text, reason = str(fields["by"]), str(fields["text"]), fields["reason"]
        from_ms = max(0, int(fields.get("from", received_ms)))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, BaseValidationError) as error:
        raise IntegrityError(f"record {offset} is not a fleet version: {error!r}") from error
    return FleetVersion(
        number=offset,
        from_ms=min(from_ms, received_ms),
        digest=digest_of(plan),
        plan=plan,
        text=text,
        by=by,
        reason=None if reason is None else str(reason),
    )

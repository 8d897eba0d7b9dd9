"""An alert as JSON, for the ledger's record of what a rebuild took back."""

from collections.abc import Mapping

from cattrs import Converter
from cattrs.errors import BaseValidationError

from coldchain.errors import IntegrityError
from coldchain_backend.alerts.lifecycle import Alert

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

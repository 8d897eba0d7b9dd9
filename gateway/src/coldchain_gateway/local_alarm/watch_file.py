"""The watch document as a file, for a gateway without backend: signed in its envelope, or as it is."""

import json
from pathlib import Path

from coldchain.errors import InvalidInput
from coldchain.watch import MAX_ENVELOPE, WatchBundle, from_bytes, open_envelope


def read_watch_file(file: Path) -> WatchBundle:
    """Raises OSError, InvalidInput, or IntegrityError for an envelope with a wrong signature.

    Whoever can write the file can write the configuration too, so a bare document is taken as it is.
    """
    with file.open("rb") as handle:
        data = handle.read(MAX_ENVELOPE + 1)
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{file}: not JSON: {error}") from error
    if isinstance(document, dict) and "payload" in document:
        return open_envelope(data, None)
    return from_bytes(data)

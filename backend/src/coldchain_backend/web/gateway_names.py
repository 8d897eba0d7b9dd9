"""What a gateway may be called."""

import re
from typing import Final

NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


def is_name(text: str) -> bool:
    """Whether a gateway may be called so."""
    return re.fullmatch(NAME, text) is not None

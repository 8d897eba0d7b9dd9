"""How long a command looks, as people say it on the command line."""

from argparse import ArgumentTypeError
from typing import Final

DAY_S: Final = 86_400.0


def seconds(text: str) -> float:
    """More than nothing and at most a day. Raises ArgumentTypeError."""
    try:
        said = float(text)
    except ValueError:
        said = 0.0
    if not 0 < said <= DAY_S:  # not a number is neither
        raise ArgumentTypeError(f"{text!r} is no number of seconds above 0 and up to {DAY_S:.0f}")
    return said

"""When the interpreter looks for reference cycles: rarely, as the state of all points lives for good."""

import gc
from typing import Final

MADE_BEFORE_LOOKING: Final = 50_000
"""So many more objects made than dropped before the young ones are looked through; by itself it is 700.

A storm of excursions keeps nearly all that it makes, so that looking for garbage finds none.
"""


def look_rarely() -> None:
    """Leave alone what is there now, and look through what is made from here on in large portions."""
    gc.freeze()
    gc.set_threshold(MADE_BEFORE_LOOKING, 20, 20)

"""How long a test goes on: short in CI, long under `make soak` (COLDCHAIN_SOAK=1).

A test that has a long form carries `@pytest.mark.soak`, every property test by itself; `make soak` runs those
and no others.
"""

from __future__ import annotations

import os

SOAK = os.environ.get("COLDCHAIN_SOAK") == "1"


def rounds(short: int, long: int) -> int:
    """Rounds, cases or examples: `short` in CI, `long` under `make soak`."""
    return long if SOAK else short

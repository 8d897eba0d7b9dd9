"""Rule tests: stories of readings in YAML, played on the real judging, and what must come of them."""

from coldchain_backend.ruletests.run import (
    Case,
    Result,
    chosen,
    described,
    junit,
    play_all,
    play_recording,
    read_tests,
)

__all__ = [
    "Case",
    "Result",
    "chosen",
    "described",
    "junit",
    "play_all",
    "play_recording",
    "read_tests",
]

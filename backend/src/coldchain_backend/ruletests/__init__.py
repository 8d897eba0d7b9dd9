"""Rule tests: stories of readings in YAML, played on the real judging, and what must come of them."""

from coldchain_backend.ruletests.run import (
    Case,
    Result,
    chosen,
    described,
    junit,
    page_name,
    play_all,
    play_recording,
    read_tests,
    told_pages,
)

__all__ = [
    "Case",
    "Result",
    "chosen",
    "described",
    "junit",
    "page_name",
    "play_all",
    "play_recording",
    "read_tests",
    "told_pages",
]

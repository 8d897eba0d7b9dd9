"""Writes the tables of docs/influx.md, what stands in InfluxDB, from the code; `--check` compares only."""

import sys
from pathlib import Path
from typing import Final

from coldchain_backend.mirror.shape import document

PAGE: Final = Path(__file__).parent.parent / "docs" / "influx.md"
BEGIN: Final = "<!-- measurements: written by `make docs` -->\n"


def page() -> str:
    """The page with its tables as the code has them now."""
    head, mark, _ = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    if not mark:
        raise ValueError(f"{PAGE} has no line {BEGIN.strip()}")
    return f"{head}{BEGIN}\n{document()}"


def main(arguments: list[str]) -> int:
    """Write the page, or tell whether it is what it should be."""
    text = page()
    if "--check" in arguments:
        return int(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""What the archive for the Pi says of other documents: a link where it holds them, else their names."""

from __future__ import annotations

import re
from pathlib import Path

from tools.dist import linked_within

PI = Path(__file__).resolve().parents[3] / "docs" / "pi.md"


def test_a_link_stays_where_it_leads_to_a_file_of_the_archive(tmp_path: Path) -> None:
    (tmp_path / "sensors.md").touch()
    text = (
        "[here](sensors.md#samples), [outbox.md](outbox.md#card), [up](../x.md), [net](https://example.org/)"
    )
    assert linked_within(text, tmp_path) == (
        "[here](sensors.md#samples), outbox.md, up, [net](https://example.org/)"
    )


def test_what_is_shipped_links_to_nothing_but_the_sensors(tmp_path: Path) -> None:
    (tmp_path / "sensors.md").touch()
    said = linked_within(PI.read_text("utf-8"), tmp_path)
    assert set(re.findall(r"\]\(([^):]+)\)", said)) == {"sensors.md"}

"""The schema that editors use says what the parser does."""

from __future__ import annotations

import json
from pathlib import Path

from coldchain_backend.fleetfile import schema

COPY = Path(__file__).parents[3] / "docs" / "fleet.schema.json"


def test_the_copy_in_docs_is_current() -> None:
    """Renew it with `coldchain-backend fleet schema > docs/fleet.schema.json`."""
    assert json.loads(COPY.read_text("utf-8")) == schema()


def test_unknown_keys_are_refused_everywhere_and_durations_are_texts() -> None:
    made = json.loads(json.dumps(schema()))
    assert made["additionalProperties"] is False
    assert all(one["additionalProperties"] is False for one in made["$defs"].values() if "properties" in one)
    interval = made["$defs"]["SensorEntry"]["properties"]["interval"]
    assert interval["type"] == "string"
    assert set(made["required"]) == {"organisation"}

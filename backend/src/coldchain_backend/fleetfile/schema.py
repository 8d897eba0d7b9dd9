"""JSON Schema of the fleet file, from the same classes that read it, for editors."""

from pydantic import TypeAdapter

from coldchain_backend.fleet import CHANNEL_KEYS
from coldchain_backend.fleetfile.document import FleetDocument

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, object]:
    """The schema as a JSON object; unknown keys are not allowed anywhere, as in `parse`."""
    made: dict[str, object] = TypeAdapter(FleetDocument).json_schema()
    definitions = made.get("$defs")
    for definition in [made, *(definitions.values() if isinstance(definitions, dict) else [])]:
        if isinstance(definition, dict) and "properties" in definition:
            definition["additionalProperties"] = False
    if isinstance(definitions, dict):
        definitions["ReceiverEntry"]["oneOf"] = [{"required": [name]} for name in CHANNEL_KEYS]
    return {"$schema": DIALECT, **made, "title": "Coldchain fleet file"}

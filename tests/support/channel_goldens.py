"""What every channel sends, as files in tests/data/channels; `python -m support.channel_goldens` writes."""

from __future__ import annotations

import json
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from coldchain.words import Language
from coldchain_backend.delivery.channels import CHANNELS
from coldchain_backend.delivery.request import Call, Mail, Note, Publication, Request
from support.notices import digest, document, group, old_document, resolved
from support.tellings import composed

FOLDER = Path(__file__).parents[1] / "data" / "channels"
EVENTS = {
    "fired": document(),
    "level_changed": document("alert.level_changed", sequence=3),
    "acknowledged": document("alert.acknowledged", state="acknowledged", by="wang.li", reason="on my way"),
    "resolved": resolved(),
    "digest": digest(),
    "group": group("fired", "fired", "resolved"),
    "of an old version": old_document(),
}


def golden(kind: str) -> str:
    """Every event in both languages, as one readable JSON text."""
    said = {
        f"{event} in {language.value}": [
            {"part": part.key, **shown(part.call)} for part in composed(kind, body, language=language)
        ]
        for event, body in EVENTS.items()
        for language in Language
    }
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def shown(call: Call) -> dict[str, object]:
    """A call as it goes out."""
    match call:
        case Request():
            return {"url": call.url, "headers": dict(call.headers), "body": _body(call.body)}
        case Mail():
            mail = message_from_bytes(call.message, policy=default)
            parts = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}
            return {"to": call.recipient, "headers": dict(mail.items()), "parts": parts}
        case Publication():
            return {"topic": call.topic, "qos": call.qos, "payload": _body(call.payload)}
        case Note():
            return {"title": call.title, "text": call.text}


def _body(data: bytes) -> object:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode()


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for kind in CHANNELS:
        (FOLDER / f"{kind}.json").write_text(golden(kind), encoding="utf-8")
        sys.stdout.write(f"{kind}.json\n")


if __name__ == "__main__":
    main()

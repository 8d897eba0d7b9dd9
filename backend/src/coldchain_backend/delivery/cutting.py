"""Texts that must fit: cut between characters, and it is said that they were cut."""

import re
from collections.abc import Callable, Sequence
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def cut_bytes(text: str, most: int, note: str) -> str:
    """`text` in at most `most` bytes of UTF-8; where it is cut, `note` stands at its end."""
    data = text.encode()
    if len(data) <= most:
        return text
    room = most - len(note.encode())
    return data[: max(room, 0)].decode("utf-8", errors="ignore").rstrip() + (note if room >= 0 else "")


def cut(text: str, most: int, note: str = "…") -> str:
    """`text` in at most `most` characters; where it is cut, `note` stands at its end."""
    if len(text) <= most:
        return text
    return text[: max(most - len(note), 0)].rstrip() + note[:most]


def cut_before(text: str, kept: Sequence[str], most: int, note: str, between: str = "\n") -> str:
    """`text` and behind it the lines `kept`, in `most` bytes: only the text is cut."""
    lines = between.join(one for one in kept if one)
    if not lines:
        return cut_bytes(text, most, note)
    room = most - len(between.encode()) - len(lines.encode())
    return cut_bytes(cut_bytes(text, max(room, 0), note) + between + lines, most, note)


def fitting(write: Callable[[int], bytes], most: int) -> bytes:
    """What `write` makes of a text of so many bytes, in at most `most` altogether: escapes take room, too."""
    room = most
    while len(body := write(room)) > most and room:
        room = room * 7 // 8
    return body


def legible(text: str) -> str:
    """A text without control characters, which no robot shows and some refuse; ends of lines stay."""
    return _CONTROL.sub(" ", text)

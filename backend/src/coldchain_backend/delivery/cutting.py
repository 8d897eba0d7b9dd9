"""Texts that must fit: cut between characters, and it is said that they were cut."""


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

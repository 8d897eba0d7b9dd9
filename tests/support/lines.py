"""The readings in a body, line by line, by the strict reader."""

from coldchain.lineprotocol import Line, is_reading, parse


def reading_lines(body: bytes) -> list[Line]:
    """Lines that have the form of a reading, in their order."""
    return [line for line in parse(body) if isinstance(line, Line) and is_reading(line)]

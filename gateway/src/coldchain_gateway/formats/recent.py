"""A bounded memory of what was said last, by which a repeat is told from a new reading."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

REMEMBERED: Final = 4096


class Last:
    """The last word of each speaker; the speaker heard longest ago is forgotten first."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._said: OrderedDict[Hashable, object] = OrderedDict()

    def repeats(self, speaker: Hashable, word: object) -> bool:
        """Whether this was the speaker's last word too; remembers it."""
        before = self._said.get(speaker, self)
        self._said[speaker] = word
        self._said.move_to_end(speaker)
        if len(self._said) > self._most:
            self._said.popitem(last=False)
        return before == word

    def knows(self, speaker: Hashable) -> bool:
        """Whether this speaker was heard before."""
        return speaker in self._said


class Heard:
    """Frames heard lately, from whomever; a second copy may come after other frames."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._frames: OrderedDict[int, None] = OrderedDict()

    def again(self, frame: Hashable) -> bool:
        """Whether this frame was heard before; remembers it."""
        known = hash(frame)  # 64 bits: a frame may be long, and thousands are remembered
        if known in self._frames:
            return True
        self._frames[known] = None
        if len(self._frames) > self._most:
            self._frames.popitem(last=False)
        return False

"""Everything that can go wrong, divided by who can help.

ColdchainError
├── InvalidInput      whoever gave the input corrects it
│   └── ConfigError   … in a file, at a line, under a key
├── IntegrityError    evidence does not verify; nobody repairs it, it is told
├── Unavailable       try again later
└── Refused           an administrator has to allow it
"""

from collections.abc import Sequence


class ColdchainError(Exception):
    """Anything this product raises on purpose; the message is fit to be shown to people."""


class InvalidInput(ColdchainError):
    """The input breaks a rule that its author can follow; the message names the rule."""


class ConfigError(InvalidInput):
    """One or more mistakes in a hand-written file.

    `file`, `line` (from 1, None when unknown), `key` (dotted path) and `message` belong to the first mistake;
    `mistakes` holds all, the first included. `str()` gives a line for each: `file:line: key: message`.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str = "",
        line: int | None = None,
        key: str = "",
        others: Sequence["ConfigError"] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.key = key
        self.mistakes: tuple[ConfigError, ...] = (self, *others)

    @classmethod
    def of(cls, mistakes: Sequence["ConfigError"]) -> "ConfigError":
        """One error that carries all of `mistakes` (at least one)."""
        first = mistakes[0]
        return cls(first.message, file=first.file, line=first.line, key=first.key, others=mistakes[1:])

    def _described(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.message) if part)

    def __str__(self) -> str:
        return "\n".join(mistake._described() for mistake in self.mistakes)


class IntegrityError(ColdchainError):
    """Evidence is not what was sealed or stored: a hash, a signature or an order does not hold."""


class Unavailable(ColdchainError):
    """It cannot be done now (no room, no network, a lock); the same attempt may succeed later."""


class Refused(ColdchainError):
    """It is not allowed; only an administrator can change that."""

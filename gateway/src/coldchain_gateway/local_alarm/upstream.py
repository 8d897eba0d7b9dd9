"""Whether the backend still takes what is sent. Pure; times are CLOCK_BOOTTIME, ms."""

from dataclasses import dataclass, replace

RULE = "upstream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """`mark` changes whenever the backend has accepted something; None: there is no backend."""

    mark: object
    since_ms: int
    silent: bool = False

    def heard(self, mark: object, now_ms: int) -> "Upstream":
        """What is known when the mark is looked at again."""
        if mark is None or mark != self.mark:
            return Upstream(mark=mark, since_ms=now_ms)
        return self

    def judged(self, limit_ms: int, now_ms: int) -> "Upstream":
        """Whether it has been silent for too long by now; a limit of 0 watches nothing."""
        too_long = self.mark is not None and limit_ms > 0 and now_ms - self.since_ms > limit_ms
        return self if too_long == self.silent else replace(self, silent=too_long)

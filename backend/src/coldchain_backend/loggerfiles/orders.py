"""Which of day and month comes first in the dates of a file: by all of them together, never by guessing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from coldchain.errors import ConfigError
from coldchain_backend.loggerfiles.stamps import DateOrder, Numbers, day_in


@dataclass(slots=True, kw_only=True)
class OrderFinder:
    """Sees every date of a file, and says which order of numbers they are written in."""

    file: str
    _dates: list[tuple[int, Numbers]]

    @property
    def nothing_open(self) -> bool:
        """Whether every date seen so far begins with its year."""
        return not self._dates

    @classmethod
    def of(cls, file: str) -> "OrderFinder":
        """One that has seen nothing yet."""
        return cls(file=file, _dates=[])

    def see(self, line: int, numbers: Numbers) -> None:
        """Take note of a date; the same as the one before tells nothing new."""
        if len(numbers.orders) == 1 and numbers.orders[0] is DateOrder.YMD and numbers.first > 99:
            return
        if not self._dates or self._dates[-1][1] != numbers:
            self._dates.append((line, numbers))

    def order(self) -> tuple[DateOrder, str | None]:
        """The order, and how it was found where it had to be; raises ConfigError where it must be asked
        for."""
        if not self._dates:
            return DateOrder.YMD, None
        possible = [
            order for order in DateOrder if all(order in numbers.orders for _, numbers in self._dates)
        ]
        if not possible:
            raise ConfigError(self._contradiction(), file=self.file, line=self._dates[0][0])
        if len(possible) == 1:
            return possible[0], None
        smooth = [order for order in possible if _smooth(self._days(order))]
        others = [order for order in possible if order not in smooth]
        if len(smooth) == 1 and all(_jumps(self._days(order)) for order in others):
            return smooth[
                0
            ], f"dates taken as {smooth[0].value}: in another order the days would not follow each other"
        usual = {numbers.usual for _, numbers in self._dates}
        if len(usual) == 1 and (order := usual.pop()) in possible:
            return order, f"dates taken as {order.value}: so dates with dots are written"
        line, first = self._dates[0]
        shown = f"{first.first}/{first.second}/{first.third}"
        names = " or ".join(f"--date-order {order.value}" for order in possible)
        raise ConfigError(
            f"{shown} may be {_meanings(first, possible)}, and nothing in the file tells: give {names}",
            file=self.file,
            line=line,
        )

    def _days(self, order: DateOrder) -> list[int]:
        return [day_in(numbers, order) or 0 for _, numbers in self._dates]

    def _contradiction(self) -> str:
        return "its dates cannot all be of one order of day and month: some have a day first, some a month"


def _smooth(days: Sequence[int]) -> bool:
    steps = _steps(days)
    return bool(steps) and max(map(abs, steps)) <= 3 and (min(steps) >= 0 or max(steps) <= 0)


def _jumps(days: Sequence[int]) -> bool:
    return max(map(abs, _steps(days)), default=0) > 20


def _steps(days: Iterable[int]) -> list[int]:
    return [after - before for before, after in pairwise(days)]


def _meanings(numbers: Numbers, orders: Sequence[DateOrder]) -> str:
    days = [date.fromordinal(day_in(numbers, order) or 1) for order in orders]
    return " or ".join(f"{day.isoformat()} ({order.value})" for day, order in zip(days, orders, strict=True))

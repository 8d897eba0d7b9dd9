"""How sure the time is: UTC = CLOCK_BOOTTIME + offset, once somebody who knows has said so.

Trusted are the kernel's synchronised flag (NTP, PTP, GPS through them), a satellite receiver's own time, and
the date of an authenticated answer of the backend, within its round trip and its resolution of a second. A
real-time clock alone is not. Nobody is believed who says an instant before the latest that was trusted ever.
"""

import ctypes
import threading
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

# An HTTP date says the second that has begun.
DATE_RESOLUTION_MS: Final = 1000
# How far a quartz of a small computer may go wrong between two answers (100 ppm), before bounds are doubted.
DRIFT_PPM: Final = 100
FLAG_EVERY_MS: Final = 1000
UNTRUSTED_ALARM_MS: Final = 24 * 3600 * 1000
# Somebody who knows no better than this does not know.
MOST_UNCERTAIN_MS: Final = 5000
_ADJTIMEX_ERROR: Final = 5
_STA_UNSYNC: Final = 0x40
log = Log("gateway.clock")


class TrustSource(StrEnum):
    """Who vouches for the time."""

    NOBODY = "nobody"
    KERNEL = "kernel"
    SATELLITES = "satellites"
    BACKEND = "backend"
    EARLIER = "earlier"  # trusted earlier in this boot, by a process before this one


class SynchronisedFlag(Protocol):
    """Whether the kernel says that its clock is synchronised."""

    def __call__(self) -> bool: ...


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_synchronised() -> bool:
    """The kernel's own word, through adjtimex(2) in its reading form; needs no privilege."""
    timex = _Timex()
    state = int(ctypes.CDLL(None).adjtimex(ctypes.byref(timex)))
    return 0 <= state < _ADJTIMEX_ERROR and not timex.status & _STA_UNSYNC


def boot_id() -> str:
    """The kernel's name for this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Between which values UTC - CLOCK_BOOTTIME lies, ms, seen at an instant of CLOCK_BOOTTIME."""

    low: int
    high: int
    seen_boot_ms: int


def date_bounds(date: str, sent_boot_ms: int, received_boot_ms: int) -> Bounds | None:
    """What an answer's `Date` says about the offset; None if it is not a date.

    The server wrote the date between sending and receiving: UTC was at least the date at `received` and
    less than one second past it at `sent`.
    """
    try:
        date_ms = int(parsedate_to_datetime(date).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        return None
    return Bounds(
        low=date_ms - received_boot_ms,
        high=date_ms + DATE_RESOLUTION_MS - sent_boot_ms,
        seen_boot_ms=received_boot_ms,
    )


def narrowed(old: Bounds | None, new: Bounds) -> Bounds:
    """What two answers say together; a contradiction beyond drift means that the newer one counts."""
    if old is None:
        return new
    drift = (new.seen_boot_ms - old.seen_boot_ms) * DRIFT_PPM // 1_000_000 + 1
    low, high = max(old.low - drift, new.low), min(old.high + drift, new.high)
    return Bounds(low=low, high=high, seen_boot_ms=new.seen_boot_ms) if low <= high else new


def chosen_offset(bounds: Bounds, current: int | None, wall: int) -> int:
    """The offset within the bounds: what is in use, else the wall clock's where it fits, else the middle."""
    for candidate in (current, wall):
        if candidate is not None and bounds.low <= candidate <= bounds.high:
            return candidate
    return (bounds.low + bounds.high) // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """The time by which certificates are judged while the machine's own clock cannot be used, UTC ms.

    Where it is not `sure` the time is that or later: then a certificate may have expired before it, but one
    that begins after it may be valid.
    """

    now_ms: int
    sure: bool


class ClockTrust:
    """The offset in use and who vouches for it. Any thread may ask; lanes bring the backend's answers."""

    def __init__(
        self,
        clock: Clock,
        synchronised: SynchronisedFlag,
        earlier_offset_ms: int | None = None,
        floor_ms: int = 0,
    ) -> None:
        """`floor_ms`: the latest instant that was ever trusted, or the build date; it is later now."""
        self._clock = clock
        self._synchronised = synchronised
        self._lock = threading.Lock()
        self._offset = earlier_offset_ms
        self._source = TrustSource.NOBODY if earlier_offset_ms is None else TrustSource.EARLIER
        self._bounds: Bounds | None = None
        self._flag = False
        self._asked_boot_ms: int | None = None
        self._floor_ms = floor_ms
        self._disbelieved: set[TrustSource] = set()  # said a time that cannot be, and were told so
        self.since_boot_ms = self.boot_ms()  # since when readings have waited for trust

    @property
    def source(self) -> TrustSource:
        return self._source

    def boot_ms(self) -> int:
        """CLOCK_BOOTTIME now."""
        return self._clock.boottime_ns() // 1_000_000

    def offset_ms(self) -> int | None:
        """UTC - CLOCK_BOOTTIME, or None while nobody vouches for the time."""
        with self._lock:
            if self._kernel_says():
                self._offset = self._wall_offset()
                self._source = TrustSource.KERNEL
            return self._offset

    def answered(self, date: str, sent_boot_ms: int, received_boot_ms: int) -> None:
        """The authenticated backend gave this `Date` in answer to a request of these instants."""
        new = date_bounds(date, sent_boot_ms, received_boot_ms)
        if new is not None:
            self._take(new, TrustSource.BACKEND)

    def offer(self, source: TrustSource, utc_ms: int, boottime_ns: int, uncertainty_ms: int) -> None:
        """Somebody who knows says that it was `utc_ms`, give or take `uncertainty_ms`, at that instant."""
        if uncertainty_ms > MOST_UNCERTAIN_MS:
            return
        seen_ms = boottime_ns // 1_000_000
        offset = utc_ms - seen_ms
        low, high = offset - uncertainty_ms, offset + uncertainty_ms
        self._take(Bounds(low=low, high=high, seen_boot_ms=seen_ms), source)

    def _take(self, new: Bounds, source: TrustSource) -> None:
        if new.high + new.seen_boot_ms < self._floor_ms:
            if source not in self._disbelieved:  # a receiver says it every second
                self._disbelieved.add(source)
                log.warning("clock.too_early", source=source.value, said_ms=new.low + new.seen_boot_ms)
            return
        with self._lock:
            self._disbelieved.discard(source)
            self._bounds = narrowed(self._bounds, new)
            if self._source is TrustSource.KERNEL and self._kernel_says():
                return
            self._offset = chosen_offset(self._bounds, self._offset, self._wall_offset())
            self._source = source

    def validity(self) -> Validity | None:
        """By what time to judge certificates; None: by the machine's clock, which the kernel vouches for."""
        now_ms = self.now_ms()
        if now_ms is None:
            return Validity(now_ms=self._floor_ms, sure=False)
        return None if self._source is TrustSource.KERNEL else Validity(now_ms=now_ms, sure=True)

    def now_ms(self) -> int | None:
        """UTC now, or None while nobody vouches for it."""
        offset = self.offset_ms()
        return None if offset is None else self.boot_ms() + offset

    def untrusted_for_ms(self) -> int:
        """How long nobody has vouched, 0 when somebody does."""
        return 0 if self.offset_ms() is not None else self.boot_ms() - self.since_boot_ms

    def alarming(self) -> bool:
        """A day without trust: a person must act, because nothing is sealed meanwhile."""
        return self.untrusted_for_ms() >= UNTRUSTED_ALARM_MS

    def _kernel_says(self) -> bool:
        """The kernel's flag, asked once a second at most: every commit wants to know."""
        now_ms = self.boot_ms()
        if self._asked_boot_ms is None or now_ms - self._asked_boot_ms >= FLAG_EVERY_MS:
            self._asked_boot_ms, self._flag = now_ms, self._synchronised()
        return self._flag

    def _wall_offset(self) -> int:
        return self._clock.now_ms() - self.boot_ms()

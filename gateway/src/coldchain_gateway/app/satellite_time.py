"""A satellite receiver among the sources vouches for the time."""

from collections.abc import Sequence
from typing import Final

from coldchain.watch import WatchBundle
from coldchain_gateway.clock_trust import ClockTrust, TrustSource
from coldchain_gateway.contracts import Sample, Watcher
from coldchain_gateway.sources import SerialLineConfig, SourceConfig

# A sentence comes up to this long after the instant that it names: receiver, line and scheduling.
SENTENCE_LATE_MS: Final = 1500


class SatelliteTime:
    """Implements `contracts.Watcher` before another: samples of receivers go to the clock as well."""

    def __init__(self, watcher: Watcher, trust: ClockTrust, receivers: frozenset[str]) -> None:
        self._watcher = watcher
        self._trust = trust
        self._receivers = receivers

    @staticmethod
    def before(watcher: Watcher, trust: ClockTrust, sources: Sequence[SourceConfig]) -> Watcher:
        """The watcher itself where no receiver is configured at start."""
        receivers = frozenset(
            source.sensor or ""
            for source in sources
            if isinstance(source, SerialLineConfig) and source.format == "nmea"
        )
        return SatelliteTime(watcher, trust, receivers) if receivers else watcher

    def observe(self, samples: Sequence[Sample], boottime_ns: int) -> None:
        """See the contract."""
        for sample in samples:
            if sample.source_time_ms is not None and sample.sensor in self._receivers:
                half = SENTENCE_LATE_MS // 2
                self._trust.offer(TrustSource.SATELLITES, sample.source_time_ms + half, boottime_ns, half)
        self._watcher.observe(samples, boottime_ns)

    def load(self, bundle: WatchBundle) -> None:
        """See the contract."""
        self._watcher.load(bundle)

"""How well a watcher tells what was done to a simulated store: recall, precision, delay of each fault."""

from coldchain_sim.score.labels import Fault
from coldchain_sim.score.run import Asked, WatcherFailed, score, watcher_command
from coldchain_sim.score.tally import HEAD, Tally

__all__ = ["HEAD", "Asked", "Fault", "Tally", "WatcherFailed", "score", "watcher_command"]

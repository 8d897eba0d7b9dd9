"""What proves to strangers: checkpoints that leave the house."""

from coldchain_backend.evidence.checkpoints import DailyCheckpoints, Outside, statement_of

__all__ = ["DailyCheckpoints", "Outside", "statement_of"]

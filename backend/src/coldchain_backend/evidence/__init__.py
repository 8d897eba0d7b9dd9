"""What proves to strangers: archives of evidence, and checkpoints that leave the house."""

from coldchain_backend.evidence.archive import Question, Source, export
from coldchain_backend.evidence.checkpoints import DailyCheckpoints, Outside, statement_of

__all__ = ["DailyCheckpoints", "Outside", "Question", "Source", "export", "statement_of"]

"""Judging: readings → excursions, alerts and what is told, in one commit; and any question about them."""

from coldchain_backend.judging.answers import Answers
from coldchain_backend.judging.consumer import Judging
from coldchain_backend.judging.follow import Follower
from coldchain_backend.judging.news import News
from coldchain_backend.judging.present import Settings

__all__ = ["Answers", "Follower", "Judging", "News", "Settings"]

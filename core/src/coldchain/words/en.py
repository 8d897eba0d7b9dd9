"""English words for the members of enums that people see."""

TERMS = {
    "Level.WARNING": "warning",
    "Level.ALARM": "alarm",
    "Side.HIGH": "too warm",
    "Side.LOW": "too cold",
    "Mark.LAW": "law",
    "Mark.STANDARD": "standard",
    "Mark.PRACTICE": "practice",
    "Mark.PROPOSED": "proposed",
    "Quality.GOOD": "good",
    "Quality.TIME_PLACED": "time placed afterwards",
    "Quality.TIME_UNSURE": "time unsure",
    "ChangeKind.OPENED": "out of limits",
    "ChangeKind.LEVEL_REACHED": "level reached",
    "ChangeKind.CLOSED": "back within limits",
}

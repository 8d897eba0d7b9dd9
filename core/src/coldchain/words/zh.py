"""Chinese words for the members of enums that people see."""

TERMS = {
    "Level.WARNING": "预警",
    "Level.ALARM": "报警",
    "Side.HIGH": "温度过高",
    "Side.LOW": "温度过低",
    "Mark.LAW": "法规",
    "Mark.STANDARD": "标准",
    "Mark.PRACTICE": "惯例",
    "Mark.PROPOSED": "建议",
    "Quality.GOOD": "正常",
    "Quality.TIME_PLACED": "时间为事后确定",
    "Quality.TIME_UNSURE": "时间不确定",
    "ChangeKind.OPENED": "超限",
    "ChangeKind.LEVEL_REACHED": "达到级别",
    "ChangeKind.CLOSED": "恢复正常",
}

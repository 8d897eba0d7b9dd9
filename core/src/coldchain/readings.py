"""What a sensor said at one instant, and what could not be taken as a reading."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Value = float | int | bool

MAX_SENSOR_ID = 128
MAX_RAW = 256

_SENSOR_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@ -]*")


class Quality(StrEnum):
    """How sure the time of a reading is."""

    GOOD = "good"
    TIME_PLACED = "time-placed"
    TIME_UNSURE = "time-unsure"


class Grade(StrEnum):
    """How good a reading is as evidence; a profile says which grades suffice."""

    SEALED = "sealed"
    SEALED_ON_RECEIPT = "sealed_on_receipt"
    FOLLOWED = "followed"
    TIME_PLACED = "time_placed"
    TEMPLATE_UNVERIFIED = "template_unverified"
    CONTROLLER_PROBE = "controller_probe"
    UNSIGNED_FILE = "unsigned_file"


class RefusalReason(StrEnum):
    """Why bytes from a sensor did not become a reading."""

    NOT_A_LINE = "not_a_line"
    TOO_LONG = "too_long"
    NOT_UTF8 = "not_utf8"
    UNTERMINATED = "unterminated"
    BAD_JSON = "bad_json"
    BAD_VALUE = "bad_value"
    NOT_A_NUMBER = "not_a_number"
    BAD_TIME = "bad_time"
    BAD_TOPIC = "bad_topic"
    NO_READING = "no_reading"
    NO_SENSOR = "no_sensor"
    BAD_SENSOR = "bad_sensor"
    SENTINEL = "sentinel"
    PROBE_FAULT = "probe_fault"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_FIELD = "unknown_field"
    UNIT_UNKNOWN = "unit_unknown"
    UNMAPPED = "unmapped"
    RETAINED = "retained"
    DUPLICATE = "duplicate"
    REPEAT = "repeat"
    HISTORY = "history"
    OFFLINE = "offline"
    CRC = "crc"
    BAD_CHECKSUM = "bad_checksum"
    SHORT_FRAME = "short_frame"
    FOREIGN_FRAME = "foreign_frame"
    EXCEPTION_FRAME = "exception_frame"
    TIMEOUT = "timeout"
    PORT_LOST = "port_lost"
    NOT_KEPT = "not_kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What `sensor` said at `time_ms` (UTC, ms). `values` by field name, in the units of `quantities`.

    With quality `time-unsure` the instant lies between `time_lower_ms` and `time_upper_ms`.
    """

    sensor: str
    time_ms: int
    values: Mapping[str, Value]
    quality: Quality = Quality.GOOD
    time_lower_ms: int | None = None
    time_upper_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Bytes that did not become a reading; `raw` keeps the first 256 of them for whoever seeks the cause."""

    reason: RefusalReason
    detail: str
    raw: bytes = b""
    sensor: str | None = None

    def __post_init__(self) -> None:
        if len(self.raw) > MAX_RAW:
            object.__setattr__(self, "raw", self.raw[:MAX_RAW])


def valid_sensor_id(text: str) -> bool:
    """Whether `text` can name a sensor.

    One to 128 characters; the first a letter or digit; then letters and digits of any script, `. _ : / @ -`
    and inner blanks. Excluded is what could be mistaken: quotes, commas, equal signs, controls.
    """
    if not 0 < len(text) <= MAX_SENSOR_ID or text[-1] == " ":
        return False
    if _SENSOR_ID.fullmatch(text):
        return True
    return text[0].isalnum() and all(letter.isalnum() or letter in "._:/@ -" for letter in text)

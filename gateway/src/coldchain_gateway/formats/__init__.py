"""Bytes → samples or refusals: pure, one file per language, one line of the table each."""

from .families import AUTO, MQTT_FAMILIES, mqtt_family, mqtt_format, recognise
from .family import Family, Options, Recognised
from .line_checksum import LineChecksum
from .line_fields import LineFormat
from .mapping import Mapping
from .message import Message, MqttFormat
from .modbus_frame import Request, is_whole, read_answer, request_frame
from .modbus_template import Block, Template, blocks_of, decode_registers, words_of
from .serial_csv import CsvLines, SerialCsv
from .serial_json import SerialJson
from .serial_lines import LineSplitter
from .serial_regex import RegexLines, SerialRegex

SERIAL_FORMATS = {"json": SerialJson, "csv": SerialCsv, "regex": SerialRegex}

__all__ = [
    "AUTO",
    "MQTT_FAMILIES",
    "SERIAL_FORMATS",
    "Block",
    "CsvLines",
    "Family",
    "LineChecksum",
    "LineFormat",
    "LineSplitter",
    "Mapping",
    "Message",
    "MqttFormat",
    "Options",
    "Recognised",
    "RegexLines",
    "Request",
    "SerialCsv",
    "SerialJson",
    "SerialRegex",
    "Template",
    "blocks_of",
    "decode_registers",
    "is_whole",
    "mqtt_family",
    "mqtt_format",
    "read_answer",
    "recognise",
    "request_frame",
    "words_of",
]

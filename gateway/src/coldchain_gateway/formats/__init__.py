"""Bytes → samples or refusals: pure, one file per language, one line of the table each."""

from .line_checksum import LineChecksum
from .line_fields import LineFormat
from .mapping import Mapping, MappingFormat
from .message import Message, MqttFormat
from .modbus_frame import Request, is_whole, read_answer, request_frame
from .modbus_template import Block, Template, blocks_of, decode_registers, words_of
from .serial_csv import CsvLines, SerialCsv
from .serial_json import SerialJson
from .serial_lines import LineSplitter
from .serial_regex import RegexLines, SerialRegex
from .zigbee2mqtt import Zigbee2Mqtt

MQTT_FORMATS = {"zigbee2mqtt": Zigbee2Mqtt, "mapping": MappingFormat}
SERIAL_FORMATS = {"json": SerialJson, "csv": SerialCsv, "regex": SerialRegex}

__all__ = [
    "MQTT_FORMATS",
    "SERIAL_FORMATS",
    "Block",
    "CsvLines",
    "LineChecksum",
    "LineFormat",
    "LineSplitter",
    "Mapping",
    "MappingFormat",
    "Message",
    "MqttFormat",
    "RegexLines",
    "Request",
    "SerialCsv",
    "SerialJson",
    "SerialRegex",
    "Template",
    "Zigbee2Mqtt",
    "blocks_of",
    "decode_registers",
    "is_whole",
    "read_answer",
    "request_frame",
    "words_of",
]

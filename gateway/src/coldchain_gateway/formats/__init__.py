"""Bytes → samples or refusals: pure, one file per language, one line of the table each."""

from .mapping import Mapping, MappingFormat
from .message import Message, MqttFormat
from .modbus_frame import Request, is_whole, read_answer, request_frame
from .modbus_template import Block, Template, blocks_of, decode_registers, words_of
from .serial_json import SerialJson
from .serial_lines import LineSplitter
from .zigbee2mqtt import Zigbee2Mqtt

MQTT_FORMATS = {"zigbee2mqtt": Zigbee2Mqtt, "mapping": MappingFormat}
SERIAL_FORMATS = {"json": SerialJson}

__all__ = [
    "MQTT_FORMATS",
    "SERIAL_FORMATS",
    "Block",
    "LineSplitter",
    "Mapping",
    "MappingFormat",
    "Message",
    "MqttFormat",
    "Request",
    "SerialJson",
    "Template",
    "Zigbee2Mqtt",
    "blocks_of",
    "decode_registers",
    "is_whole",
    "read_answer",
    "request_frame",
    "words_of",
]

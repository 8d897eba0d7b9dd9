"""Mappings of what fields send: lists of records, JSON within text, scaled and missing values, switches."""

from collections.abc import Mapping as Table

import pytest

from coldchain.errors import InvalidInput
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import Mapping, Message, Options, mqtt_format
from coldchain_gateway.formats.mapping import MOST_ENTRIES

Told = list[tuple[str, dict[str, object], int | None] | RefusalReason]


def told(mapping: Mapping, payload: bytes, topic: str = "rut/1") -> Told:
    """What a message comes to, in its order."""
    decoded = mqtt_format("mapping", Options(mapping=mapping)).decode(Message(topic, payload))
    return [
        (one.sensor, dict(one.values), one.source_time_ms) if isinstance(one, Sample) else one.reason
        for one in decoded
    ]


TELTONIKA = Mapping(
    sensor="outer:$.MAC",
    each="json:$.D>$",
    fields={"temperature": "json:$.t", "humidity": "json:$.h"},
    scales={"temperature": 0.1},
    error_values={"temperature": (3000,)},
    time="json:$.ts",
    time_unit="s",
)


def test_a_router_sends_records_as_text_within_its_own_template() -> None:
    """`{"TS":"%t","D":"%d","MAC":"%m"}` with several records in D."""
    records = '[{\\"t\\":-185,\\"h\\":61,\\"ts\\":1784567890},{\\"t\\":0,\\"ts\\":\\"1784567900\\"}]'
    payload = f'{{"TS":"1784567901","D":"{records}","MAC":"001E42AABBCC"}}'.encode()
    assert told(TELTONIKA, payload) == [
        ("001E42AABBCC", {"temperature": -18.5, "humidity": 61.0}, 1784567890000),
        ("001E42AABBCC", {"temperature": 0.0}, 1784567900000),
    ]


def test_an_error_value_is_none_and_spoils_no_other() -> None:
    payload = b'{"D":"[{\\"t\\":3000,\\"h\\":61,\\"ts\\":1784567890}]","MAC":"m"}'
    assert told(TELTONIKA, payload) == [
        ("m", {"humidity": 61.0}, 1784567890000),
        RefusalReason.SENTINEL,
    ]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"D":"[]","MAC":"m"}', RefusalReason.NO_READING),
        (b'{"D":"no json","MAC":"m"}', RefusalReason.NO_READING),
        (b'{"MAC":"m"}', RefusalReason.NO_READING),
        (b'{"D":"[{\\"t\\":1,\\"ts\\":1784567890}]"}', RefusalReason.NO_SENSOR),
        (b"", RefusalReason.NO_READING),
    ],
)
def test_a_message_without_records_is_refused(payload: bytes, reason: RefusalReason) -> None:
    assert told(TELTONIKA, payload) == [reason]


def test_one_record_that_is_no_list_counts_as_one() -> None:
    mapping = Mapping(sensor="topic:1", each="json:$.r", fields={"temperature": "json:$.t"})
    assert told(mapping, b'{"r":{"t":4}}') == [("1", {"temperature": 4.0}, None)]


def test_too_many_records_are_bounded_and_that_is_told() -> None:
    mapping = Mapping(sensor="topic:1", each="json:$", fields={"temperature": "json:$.t"})
    payload = b"[" + b",".join([b'{"t":4}'] * (MOST_ENTRIES + 1)) + b"]"
    found = told(mapping, payload)
    assert len(found) == MOST_ENTRIES + 1
    assert found[-1] is RefusalReason.TOO_LONG


def test_a_bad_record_spoils_no_other() -> None:
    mapping = Mapping(sensor="json:$.id", each="json:$", fields={"temperature": "json:$.t"})
    assert told(mapping, b'[{"t":1},{"id":"a","t":"x"},{"id":"b","t":2}]') == [
        RefusalReason.NO_SENSOR,
        RefusalReason.NOT_A_NUMBER,
        ("b", {"temperature": 2.0}, None),
    ]


@pytest.mark.parametrize("word", ["open", "ajar", "shut"])
def test_a_switch_says_what_means_true(word: str) -> None:
    mapping = Mapping(
        sensor="topic:1", fields={"door_open": "json:$.d"}, true_when={"door_open": ("open", "ajar")}
    )
    assert told(mapping, f'{{"d":"{word}"}}'.encode()) == [("1", {"door_open": word != "shut"}, None)]


def test_scale_and_offset_come_before_the_unit() -> None:
    mapping = Mapping(
        sensor="topic:1",
        fields={"temperature": "payload"},
        scales={"temperature": 0.1},
        offsets={"temperature": -40},
        units={"temperature": "F"},
    )
    assert told(mapping, b"720") == [("1", {"temperature": 0.0, "temperature_f": 32.0}, None)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scales": {"humidity": 0.1}},
        {"offsets": {"humidity": 1.0}},
        {"error_values": {"humidity": (1.0,)}},
        {"true_when": {"door_open": ("x",)}},
        {"each": "somewhere"},
        {"moves": "json:a"},
        {"time_zone": "Nowhere/City"},
    ],
)
def test_a_mapping_that_cannot_be_is_refused(wrong: Table[str, object]) -> None:
    with pytest.raises(InvalidInput):
        Mapping(sensor="topic:1", fields={"temperature": "payload"}, **wrong)  # type: ignore[arg-type]  # on purpose


def test_a_repeat_is_told_and_the_dup_flag_lets_it_through() -> None:
    mapping = Mapping(sensor="topic:1", fields={"temperature": "json:$.t"}, moves="json:$.n")
    decoder = mqtt_format("mapping", Options(mapping=mapping))
    said = b'{"t":4,"n":7}'
    assert isinstance(decoder.decode(Message("a/b", said))[0], Sample)
    assert isinstance(decoder.decode(Message("a/b", said))[0], Refusal)
    assert isinstance(decoder.decode(Message("a/b", said, dup=True))[0], Sample)

"""Any MQTT payload by a mapping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import Mapping, Message
from coldchain_gateway.formats.mapping import MappingFormat


def decode(mapping: Mapping, payload: bytes, topic: str = "site/room-1/t") -> list[Sample | Refusal]:
    return list(MappingFormat(mapping).decode(Message(topic, payload)))


def test_a_bare_number_with_the_sensor_in_the_topic() -> None:
    mapping = Mapping(sensor="topic:1", fields={"temperature": "payload:"})
    assert decode(mapping, b"22.5") == [Sample(sensor="room-1", values={"temperature": 22.5})]
    (refusal,) = decode(mapping, b"nan")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.NO_READING


def test_a_json_document_with_its_own_time() -> None:
    mapping = Mapping(
        sensor="json:$.device.id",
        fields={"temperature": "json:$.probes[0].t", "battery": 'json:$["batt.pct"]'},
        time="json:$.ts",
        time_unit="s",
    )
    (sample,) = decode(
        mapping, b'{"device":{"id":7},"probes":[{"t":"-18.5"}],"batt.pct":90,"ts":1684401481.5}'
    )
    assert sample == Sample(
        sensor="7", values={"temperature": -18.5, "battery": 90.0}, source_time_ms=1_684_401_481_500
    )


def test_a_time_that_cannot_be_read_is_told_and_the_reading_kept() -> None:
    mapping = Mapping(sensor="text:a", fields={"temperature": "json:$.t"}, time="json:$.ts")
    sample, refusal = decode(mapping, b'{"t":1,"ts":"2024-01-01T00:00:00"}')
    assert isinstance(sample, Sample)
    assert sample.source_time_ms is None
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.BAD_TIME


@pytest.mark.parametrize(
    "wrong",
    [
        {"sensor": "nonsense", "fields": {"temperature": "payload:"}},
        {"sensor": "topic:1", "fields": {}},
        {"sensor": "topic:1", "fields": {"temprature": "payload:"}},
        {"sensor": "topic:1", "fields": {"temperature": "json:$.a["}},
        {"sensor": "topic:1", "fields": {"temperature": "payload:"}, "time": "ts"},
    ],
)
def test_a_wrong_mapping_is_refused_before_anything_runs(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        Mapping(**wrong)  # type: ignore[arg-type]


@given(st.binary(max_size=100), st.text(max_size=20))
def test_any_bytes_give_samples_or_refusals(payload: bytes, topic: str) -> None:
    mapping = Mapping(sensor="topic:0", fields={"temperature": "json:$.a[0].b"}, time="json:$.c")
    for item in decode(mapping, payload, topic):
        assert isinstance(item, Sample | Refusal)

"""zigbee2mqtt repeats cached states as new messages; a dead device must not look alive by them."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import Message
from coldchain_gateway.formats.zigbee2mqtt import Zigbee2Mqtt

TOPIC = "zigbee2mqtt/fridge"
SEEN = 1_684_401_481_113


def said(decoder: Zigbee2Mqtt, *, dup: bool = False, topic: str = TOPIC, **state: object) -> list[object]:
    """What a message comes to: temperatures, and the reasons of refusals."""
    decoded = decoder.decode(Message(topic, orjson.dumps(state), dup=dup))
    return [
        one.values.get("temperature") if isinstance(one, Sample) else one.reason
        for one in decoded
        if isinstance(one, Sample | Refusal)
    ]


def test_the_same_values_at_the_same_time_are_a_repeat() -> None:
    decoder = Zigbee2Mqtt()
    assert said(decoder, temperature=4, last_seen=SEEN) == [4.0]
    assert said(decoder, temperature=4, last_seen=SEEN) == [RefusalReason.REPEAT]
    assert said(decoder, temperature=4, linkquality=7, last_seen=SEEN) == [RefusalReason.REPEAT]
    assert said(decoder, temperature=4, last_seen=SEEN + 2000) == [4.0]


def test_new_values_within_the_resolution_of_the_clock_are_a_reading() -> None:
    decoder = Zigbee2Mqtt()
    assert said(decoder, temperature=4, last_seen="2020-05-29T19:47:19+00:00") == [4.0]
    assert said(decoder, temperature=5, last_seen="2020-05-29T19:47:19+00:00") == [5.0]


def test_a_bridge_whose_clock_was_set_back_is_heard() -> None:
    decoder = Zigbee2Mqtt()
    assert said(decoder, temperature=4, last_seen=SEEN) == [4.0]
    assert said(decoder, temperature=4, last_seen=SEEN - 3_600_000) == [4.0]


def test_a_message_told_twice_is_left_to_the_outbox() -> None:
    """It may not have been kept the first time; only the outbox knows."""
    decoder = Zigbee2Mqtt()
    assert said(decoder, temperature=4, last_seen=SEEN) == [4.0]
    assert said(decoder, dup=True, temperature=4, last_seen=SEEN) == [4.0]


def test_without_last_seen_nothing_is_known_and_everything_is_taken() -> None:
    decoder = Zigbee2Mqtt()
    assert said(decoder, temperature=4) == said(decoder, temperature=4) == [4.0]


def test_devices_do_not_disturb_each_other() -> None:
    decoder = Zigbee2Mqtt()
    for name in ("a", "b", "配送车/前"):
        assert said(decoder, topic=f"zigbee2mqtt/{name}", temperature=4, last_seen=SEEN) == [4.0]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=30))
def test_each_state_is_taken_when_it_differs_from_the_one_before(states: list[tuple[int, int]]) -> None:
    decoder = Zigbee2Mqtt()
    before: tuple[int, int] | None = None
    for seen, celsius in states:
        taken = said(decoder, temperature=celsius, last_seen=SEEN + seen) != [RefusalReason.REPEAT]
        assert taken is ((seen, celsius) != before)
        before = (seen, celsius)

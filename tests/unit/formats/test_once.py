"""One frame is one reading, however often it is told; a repeat is no sign of life; the past is not now."""

import json

import pytest

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, Decoded, MqttDelivery, Sample
from coldchain_gateway.formats import Message, MqttFormat, Options, mqtt_format
from support.acceptance import Figures
from support.sayings import NOW_MS, SAYINGS, lht65, ruuvi, temperatures
from support.watching import FRONT, LIMIT_MS, Desk, bundle
from support.wires import Kept

CHIRPSTACK = "application/1/device/0101010101010101/event/up"


def told(decoder: MqttFormat, message: Message) -> list[object]:
    """Temperatures, and reasons of refusals."""
    return [
        one.values.get("temperature") if isinstance(one, Sample) else one.reason
        for one in decoder.decode(message)
    ]


def changed(message: Message, **members: object) -> Message:
    return message._replace(payload=json.dumps({**json.loads(message.payload), **members}).encode())


@pytest.mark.acceptance("A15")
def test_a_frame_that_two_servers_tell_is_one_reading(figures: Figures) -> None:
    decoder = mqtt_format("chirpstack", Options())
    frame = changed(lht65(400, 500), fCnt=7, deduplicationId="a")
    assert told(decoder, frame) == [4.0, 5.0]
    assert told(decoder, changed(frame, deduplicationId="b", time="2026-11-22T21:22:05Z")) == [
        RefusalReason.DUPLICATE
    ]
    assert told(decoder, changed(frame, fCnt=8, deduplicationId="c")) == [4.0, 5.0], "equal values, new frame"
    assert told(decoder, changed(frame, fCnt=9, deduplicationId="c")) == [RefusalReason.DUPLICATE]
    figures.add(readings=2, doubled=0)


@pytest.mark.acceptance("A15")
def test_a_counter_that_is_left_out_is_zero(figures: Figures) -> None:
    decoder = mqtt_format("chirpstack", Options())
    first = lht65(400, 500)
    assert told(decoder, first) == [4.0, 5.0]
    assert told(decoder, changed(first, fCnt=0)) == [RefusalReason.DUPLICATE]
    figures.add(readings=1, doubled=0)


@pytest.mark.acceptance("A15")
def test_a_frame_of_the_things_stack_is_told_by_session_and_counter(figures: Figures) -> None:
    decoder = mqtt_format("things_stack", Options())

    def frame(**up: object) -> Message:
        said = {"frm_payload": "Cz0B9H//AWMH5bY=", "f_port": 2, "session_key_id": "s", **up}
        ids = {"device_id": "lht52-1", "dev_eui": "A8404188A184579F"}
        return Message(
            "v3/a@t/devices/lht52-1/up",
            json.dumps(
                {"end_device_ids": ids, "uplink_message": said, "received_at": "2022-08-25T21:12:53Z"}
            ).encode(),
        )

    assert told(decoder, frame())[0] == 28.77
    assert told(decoder, frame(f_cnt=0)) == [RefusalReason.DUPLICATE]
    assert told(decoder, frame(f_cnt=1))[0] == 28.77
    assert told(decoder, frame(f_cnt=1, session_key_id="after a new join"))[0] == 28.77
    figures.add(readings=3, doubled=0)


@pytest.mark.acceptance("A15")
def test_a_message_told_again_by_the_broker_is_kept_once(figures: Figures) -> None:
    """With DUP the decoder lets it through: whether it was kept the first time only the outbox knows."""
    kept = Kept()
    for saying in SAYINGS:
        decoder = saying.decoder()
        for dup in (False, True, True):
            message = saying.message("4.25")._replace(dup=dup)
            delivery = MqttDelivery(
                session=f"broker/{saying.topic}",
                packet_id=1,
                dup=dup,
                digest=b"12345678",
                acknowledge=lambda _: None,
            )
            decoded = decoder.decode(message)
            assert temperatures(decoded) == [4.25]
            kept.intake.offer(
                Acquired(source="s", decoded=decoded, boottime_ns=1, wall_ms=NOW_MS, delivery=delivery)
            )
            kept.intake.commit_all()
    assert kept.temperatures() == [4.25] * len(SAYINGS)
    figures.add(readings=len(SAYINGS), doubled=0)


@pytest.mark.acceptance("A15")
def test_history_goes_to_its_own_times_and_says_nothing_about_now(figures: Figures) -> None:
    entries = [{"temperature": 20 + n, "timestamp": 1_665_561_758 + 600 * n} for n in range(3)]
    payload = changed(lht65(0, 0), object={"temperature": 4.0, "history": entries}, data=None)
    payload = changed(payload, deviceInfo={"deviceProfileName": "x", "devEui": "front"})
    decoded: Decoded = mqtt_format("chirpstack", Options()).decode(payload)
    samples = [one for one in decoded if isinstance(one, Sample)]
    assert [(one.values["temperature"], one.history) for one in samples] == [
        *((20.0 + n, True) for n in range(3)),
        (4.0, False),
    ]
    assert [one.source_time_ms for one in samples[:3]] == [(1_665_561_758 + 600 * n) * 1000 for n in range(3)]
    desk = Desk()
    desk.alarm.load(bundle(FRONT))
    now_ns = desk.clock.boottime_ns()
    for one in (*samples[:3], samples[3]):
        desk.intake.offer(Acquired(source="s", decoded=[one], boottime_ns=now_ns, wall_ms=NOW_MS))
        assert desk.lines("limit_crossed") == [], "20 °C were true then; now it is 4 °C"
    assert len([line for line in desk.lines("reading") if "sensor=front" in line]) == 4
    hot = samples[0]._replace(history=False)
    desk.intake.offer(Acquired(source="s", decoded=[hot], boottime_ns=now_ns, wall_ms=NOW_MS))
    assert len(desk.lines("limit_crossed")) == 1, "the same value as news is one"
    figures.add(readings=4, doubled=0)


def test_history_from_the_future_is_refused_where_our_clock_can_tell() -> None:
    entry = {"temperature": 4.0, "timestamp": NOW_MS // 1000 + 3600}
    said = changed(lht65(0, 0), object={"history": [entry]}, data=None)
    said = changed(said, deviceInfo={"deviceProfileName": "x", "devEui": "front"})
    assert told(mqtt_format("chirpstack", Options()), said) == [RefusalReason.HISTORY]
    lost = said._replace(arrival_ms=12_000)
    assert told(mqtt_format("chirpstack", Options()), lost) == [4.0]


def test_a_ruuvi_measurement_is_one_reading_however_many_gateways_hear_it() -> None:
    decoder = mqtt_format("ruuvi", Options())
    assert told(decoder, ruuvi(800, sequence=65_534)) == [4.0]
    assert told(decoder, ruuvi(800, sequence=65_534)._replace(topic="ruuvi/OTHER/CB")) == [
        RefusalReason.DUPLICATE
    ]
    for sequence in (0, 1, 2):
        assert told(decoder, ruuvi(800, sequence=sequence)) == [4.0], "the sequence wraps"
    assert told(decoder, ruuvi(800, sequence=65_535)) == [4.0], "65535 says that there is none"
    assert told(decoder, ruuvi(800, sequence=65_535)) == [4.0]


@pytest.mark.parametrize("family", ["tasmota", "zigbee2mqtt", "shelly_gen2"])
def test_a_repeat_whose_time_stands_still_is_no_sign_of_life(family: str) -> None:
    saying = next(one for one in SAYINGS if one.family == family)
    decoder = saying.decoder()
    assert told(decoder, saying.message("4.25")) == [4.25]
    assert told(decoder, saying.message("4.25")) == [RefusalReason.REPEAT]
    assert told(decoder, saying.message("4.5")) == [4.5]


def test_a_mapping_knows_a_repeat_by_what_moves() -> None:
    from coldchain_gateway.formats import Mapping

    mapping = Mapping(sensor="text:a", fields={"temperature": "json:$.t"}, moves="json:$.n")
    decoder = mqtt_format("mapping", Options(mapping=mapping))
    assert told(decoder, Message("x", b'{"t":4,"n":1}')) == [4.0]
    assert told(decoder, Message("x", b'{"t":5,"n":1}')) == [RefusalReason.REPEAT]
    assert told(decoder, Message("x", b'{"t":5,"n":2}')) == [5.0]


def test_probes_that_are_renumbered_keep_their_names() -> None:
    decoder = mqtt_format("tasmota", Options(time_zone="UTC"))

    def telegram(second: int, **chips: object) -> Message:
        said = {"Time": f"2024-07-01T12:00:0{second}", **chips, "TempUnit": "C"}
        return Message("tele/x/SENSOR", json.dumps(said).encode())

    probes = {"DS18B20-1": {"Id": "A", "Temperature": 1.0}, "DS18B20-2": {"Id": "B", "Temperature": 2.0}}
    alone = {"DS18B20": {"Id": "B", "Temperature": 2.5}}
    before = [one.sensor for one in decoder.decode(telegram(0, **probes)) if isinstance(one, Sample)]
    (after,) = decoder.decode(telegram(1, **alone))
    assert isinstance(after, Sample)
    assert (before, after.sensor) == (["x/A", "x/B"], "x/B")


def test_a_shelly_that_reports_an_error_is_not_believed_until_it_is_over() -> None:
    decoder = mqtt_format("shelly_gen1", Options())
    topic = "shellies/shellyht-1/sensor/"
    assert told(decoder, Message(topic + "temperature", b"4.0")) == [4.0]
    assert told(decoder, Message(topic + "error", b"1", retained=True)) == []
    assert told(decoder, Message(topic + "temperature", b"4.0")) == [RefusalReason.PROBE_FAULT]
    assert told(decoder, Message("shellies/shellyht-2/sensor/temperature", b"4.0")) == [4.0]
    assert told(decoder, Message(topic + "error", b"0")) == []
    assert told(decoder, Message(topic + "temperature", b"4.0")) == [4.0]


@pytest.mark.acceptance("A7")
async def test_a_dead_zigbee_sensor_falls_silent_once_whatever_the_bridge_repeats(figures: Figures) -> None:
    """Retained copies, cached repeats, changed link quality: none of them is a sign of life."""
    decoder = mqtt_format("zigbee2mqtt", Options())
    desk = Desk()
    desk.alarm.load(bundle(FRONT))
    repeats = 0

    def bridge_says(seen_ms: int, *, retained: bool = False, linkquality: int = 90) -> None:
        state = {"temperature": 4.0, "last_seen": seen_ms, "linkquality": linkquality}
        message = Message(
            "zigbee2mqtt/front", json.dumps(state).encode(), retained=retained, arrival_ms=desk.clock.now_ms()
        )
        now_ns = desk.clock.boottime_ns()
        decoded = decoder.decode(message)
        desk.intake.offer(Acquired(source="z", decoded=decoded, boottime_ns=now_ns, wall_ms=0))
        desk.intake.commit_all()

    async with desk.running():
        died_ms = desk.clock.now_ms()
        bridge_says(died_ms)
        for minute in range(10):
            await desk.clock.pass_time(LIMIT_MS / 1000 / 2)
            bridge_says(died_ms, linkquality=50 + minute)
            bridge_says(died_ms, retained=True)
            repeats += 2
        silences = [line for line in desk.lines("local_alarm") if "rule=silence" in line]
    assert len(silences) == 1
    assert 'state="alarm"' in silences[0]
    figures.add(repeats=repeats, alarms=len(silences))


@pytest.mark.acceptance("A7")
def test_what_a_bridge_remembers_when_it_starts_is_kept_but_no_sign_of_life(figures: Figures) -> None:
    decoder = mqtt_format("zigbee2mqtt", Options())
    old = {"temperature": 4.0, "last_seen": NOW_MS - 3_600_000}
    (sample,) = decoder.decode(Message("zigbee2mqtt/front", json.dumps(old).encode(), arrival_ms=NOW_MS))
    assert isinstance(sample, Sample)
    assert (sample.history, sample.source_time_ms) == (True, NOW_MS - 3_600_000)
    moved = {"temperature": 4.0, "last_seen": NOW_MS - 3_500_000}
    (live,) = decoder.decode(Message("zigbee2mqtt/front", json.dumps(moved).encode(), arrival_ms=NOW_MS))
    assert isinstance(live, Sample)
    assert not live.history, "a bridge whose clock is wrong is heard all the same"
    figures.add(repeats=1)


def test_a_device_that_says_goodbye_is_refused_as_offline() -> None:
    said = {
        "zigbee2mqtt": ("zigbee2mqtt/a/b/availability", b'{"state":"offline"}', "a/b"),
        "tasmota": ("tele/x/LWT", b"Offline", "x"),
        "esphome": ("node/status", b"offline", "node"),
        "shelly_gen2": ("dev/online", b"false", "dev"),
    }
    for family, (topic, payload, sensor) in said.items():
        (refusal,) = mqtt_format(family, Options()).decode(Message(topic, payload, retained=True))
        assert isinstance(refusal, Refusal)
        assert (refusal.reason, refusal.sensor) == (RefusalReason.OFFLINE, sensor)

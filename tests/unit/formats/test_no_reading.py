"""Zero is a value and nothing is none, in every family's words; what no probe measures never arrives."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired
from coldchain_gateway.formats import Message, mqtt_format
from coldchain_gateway.formats.family import Options
from support.acceptance import Figures
from support.sayings import NOW_MS, SAYINGS, Saying, lht65, ruuvi, temperatures
from support.wires import Kept

VALUES = ("0.0", "-0.0", "0", "85", "85.0", "-18.5", "4.25", "1e1")
SENTINELS = ("327.67", "-327.68", "-127", "-127.0")
NOTHING = ("null", "nan", "NaN", "None", "unavailable", "unknown", "")
BEYOND = ("3276.7", "-3276.8", "655.35e2", "1e9", "-300")


def named(saying: Saying) -> str:
    return f"{saying.family} {saying.topic}"


def reasons(saying: Saying, written: str) -> list[RefusalReason]:
    return [one.reason for one in saying.decode(written) if isinstance(one, Refusal)]


@pytest.mark.acceptance("A6")
@pytest.mark.parametrize("saying", SAYINGS, ids=named)
def test_values_arrive_and_sentinels_are_refused_with_a_reason(saying: Saying, figures: Figures) -> None:
    for written in VALUES:
        (found,) = temperatures(saying.decode(written))
        assert (found, math.copysign(1, found)) == (float(written), math.copysign(1, float(written)))
    for written in SENTINELS:
        assert temperatures(saying.decode(written)) == []
        assert RefusalReason.SENTINEL in reasons(saying, written)
    for written in NOTHING:
        assert temperatures(saying.decode(written)) == []
        assert RefusalReason.NO_READING in reasons(saying, written)
    for written in BEYOND:
        assert temperatures(saying.decode(written)) == []
        assert RefusalReason.OUT_OF_RANGE in reasons(saying, written)
    figures.add(arrived=len(VALUES), refused=len(SENTINELS) + len(NOTHING) + len(BEYOND))


@pytest.mark.acceptance("A6")
@pytest.mark.parametrize("saying", SAYINGS, ids=named)
def test_a_torn_or_empty_payload_is_refused(saying: Saying, figures: Figures) -> None:
    whole = saying.message("-18.5")
    for cut in range(len(whole.payload)):
        message = Message(whole.topic, whole.payload[:cut], arrival_ms=NOW_MS)
        decoded = saying.decoder().decode(message)
        found = temperatures(decoded)
        if whole.payload.startswith(b"{"):
            assert found == [], "a number that was cut must not become another one"
        assert found or any(isinstance(one, Refusal) for one in decoded)
    figures.add(refused=len(whole.payload))


@pytest.mark.acceptance("A6")
@pytest.mark.parametrize("raw", [0x7FFF, -0x8000])
def test_binary_sentinels_are_refused_beside_what_is_true(raw: int, figures: Figures) -> None:
    decoded = mqtt_format("chirpstack", Options()).decode(lht65(air=0, probe=raw))
    assert temperatures(decoded) == [0.0]
    assert [one.reason for one in decoded if isinstance(one, Refusal)] == [RefusalReason.SENTINEL]
    figures.add(arrived=1, refused=1)


@pytest.mark.acceptance("A6")
def test_an_invalid_ruuvi_temperature_is_refused_beside_its_humidity(figures: Figures) -> None:
    decoded = mqtt_format("ruuvi", Options()).decode(ruuvi(-0x8000))
    assert temperatures(decoded) == []
    assert [one.reason for one in decoded if isinstance(one, Refusal)] == [RefusalReason.SENTINEL]
    figures.add(refused=1)


@given(st.integers(-5500, 12500), st.sampled_from(SAYINGS))
def test_every_hundredth_of_a_degree_arrives_as_it_was_said(hundredths: int, saying: Saying) -> None:
    written = f"{hundredths / 100:.2f}"
    assert temperatures(saying.decode(written)) == [float(written)]


@given(st.integers(-0x8000, 0x7FFF), st.integers(-0x8000, 0x7FFF))
def test_raw_hundredths_arrive_or_are_refused(air: int, probe: int) -> None:
    found = temperatures(mqtt_format("chirpstack", Options()).decode(lht65(air, probe)))
    wanted = [one / 100 for one in (air, probe) if one not in (0x7FFF, -0x8000, -12700) and one >= -20000]
    assert found == wanted


def test_all_families_together_leave_the_values_in_the_outbox_and_count_the_rest() -> None:
    kept = Kept()
    spoken: Sequence[str] = (*VALUES, *SENTINELS, *NOTHING)
    for saying in SAYINGS:
        for written in spoken:
            decoded = saying.decode(written)
            kept.intake.offer(Acquired(source="s", decoded=decoded, boottime_ns=1, wall_ms=NOW_MS))
    kept.intake.commit_all()
    assert sorted(kept.temperatures()) == sorted(float(text) for text in VALUES for _ in SAYINGS)
    assert kept.refused("sentinel") == len(SENTINELS) * len(SAYINGS)
    assert kept.refused("no_reading") >= len(NOTHING) * len(SAYINGS)

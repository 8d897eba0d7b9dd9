"""What a name tells of a bare value; what it does not tell is not guessed."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.readings import RefusalReason
from coldchain_gateway.formats.entity_names import BEHIND, ENDINGS, OTHERS, SWITCHES, entity_of
from coldchain_gateway.formats.recent import Heard, Last
from coldchain_gateway.formats.values import Unreadable


@pytest.mark.parametrize(
    ("name", "thing", "field"),
    [
        ("freezer_1", "freezer_1", "temperature"),
        ("freezer_1_temperature", "freezer_1", "temperature"),
        ("Freezer-1-Humidity", "Freezer-1", "humidity"),
        ("cold room battery level", "cold room battery level", ""),
        ("room_battery_level", "room", "battery"),
        ("room_battery_voltage", "room", "battery_voltage"),
        ("temperature", "temperature", "temperature"),
        ("truck_latitude", "truck", "latitude"),
    ],
)
def test_an_ending_tells_the_quantity_and_leaves_the_thing(name: str, thing: str, field: str) -> None:
    if not field:
        with pytest.raises(Unreadable):
            entity_of(name, switch=False, otherwise="temperature")
        return
    found = entity_of(name, switch=False, otherwise="temperature")
    assert (found.thing, found.field) == (thing, field)


@pytest.mark.parametrize(
    ("name", "field", "unit"),
    [
        ("dht_humidity_2", "humidity", ""),
        ("humidity1", "humidity", ""),
        ("freezer temp 2", "temperature", ""),
        ("co2_1", "co2", ""),
        ("cold_temperature_f", "temperature", "F"),
        ("Cold-Temp-Celsius", "temperature", "C"),
        ("cold_set_point_degf", "set_point", "F"),
        ("freezer_temp_1_f", "temperature", "F"),
        ("freezer temp f 1", "temperature", "F"),
        ("Freezer-Temperature-2-C", "temperature", "C"),
        ("set_point_1_f", "set_point", "F"),
    ],
)
def test_a_number_or_a_unit_behind_the_ending_changes_no_name(name: str, field: str, unit: str) -> None:
    found = entity_of(name, switch=False, otherwise="temperature")
    assert found == (name, field, True, unit)


@given(st.from_regex(r"[cdefgpt0-9 _-]{0,12}", fullmatch=True))
def test_a_number_is_found_wherever_a_plain_search_finds_it(name: str) -> None:
    plain = re.fullmatch(
        r"(.*?)(?:[_\- ]?[0-9]+|(?:[_\- ]?[0-9]+)?[_\- ](?:f|degf|c)(?:[_\- ]?[0-9]+)?)", name
    )
    found = BEHIND.fullmatch(name)
    assert (found and found[1]) == (plain and plain[1])


def test_a_name_of_a_hundred_thousand_digits_is_read_at_once() -> None:
    began = time.process_time()
    entity_of("1" * 100_000 + "x", switch=False, otherwise="temperature")
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("word", sorted(OTHERS))
@pytest.mark.parametrize("name", ["{}_x_of_room", "room-{}-x", "Room {} avg"])
def test_a_word_of_another_quantity_makes_no_temperature(word: str, name: str) -> None:
    with pytest.raises(Unreadable) as caught:
        entity_of(name.format(word), switch=False, otherwise="temperature")
    assert caught.value.reason is RefusalReason.UNMAPPED


@pytest.mark.parametrize(
    "name",
    ["absolute_humidity", "room_absolute_humidity_2", "humidity_f", "humidity_1_f", "co2_c", "co2_1_c"],
)
def test_what_comes_in_another_unit_is_not_taken(name: str) -> None:
    with pytest.raises(Unreadable):
        entity_of(name, switch=False, otherwise="temperature")


@pytest.mark.parametrize(
    "name", ["wifi_signal", "uptime", "free_heap", "esp32_temperature", "pump_power", "run-time", "CPU temp"]
)
def test_what_boards_say_of_themselves_is_nobodys_goods(name: str) -> None:
    with pytest.raises(Unreadable) as caught:
        entity_of(name, switch=False, otherwise="temperature")
    assert caught.value.reason is RefusalReason.UNMAPPED


@given(st.sampled_from(ENDINGS), st.sampled_from(["_", "-", " "]))
def test_every_ending_is_found_behind_every_separator(ending: tuple[str, str], separator: str) -> None:
    found = entity_of(f"room{separator}{ending[0]}", switch=False, otherwise="")
    assert (found.thing, found.field, found.sure) == ("room", ending[1], True)


@pytest.mark.parametrize(("ending", "field"), SWITCHES)
def test_a_switch_without_an_ending_is_never_guessed(ending: str, field: str) -> None:
    assert entity_of(f"room_{ending}", switch=True, otherwise="temperature").field == field
    with pytest.raises(Unreadable):
        entity_of("room_3", switch=True, otherwise="temperature")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=40))
def test_a_repeat_is_the_same_word_of_the_same_speaker(words: list[tuple[int, int]]) -> None:
    last, before = Last(), dict[int, int]()
    for speaker, word in words:
        assert last.knows(speaker) is (speaker in before)
        assert last.repeats(speaker, word) is (before.get(speaker) == word)
        before[speaker] = word


def test_memories_are_bounded_and_forget_the_oldest() -> None:
    last, heard = Last(3), Heard(3)
    for number in range(5):
        assert not last.repeats(number, "x")
        assert not heard.again(number)
    assert [last.knows(number) for number in range(5)] == [False, False, True, True, True]
    assert heard.again(4)
    assert not heard.again(0)

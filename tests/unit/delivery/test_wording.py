"""What people read: all that a critical message has to hold, in their language and the asset's time."""

import re
import tomllib
from importlib.resources import files
from string import Formatter

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import IntegrityError, InvalidInput
from coldchain.words import Language
from coldchain_backend.delivery.cutting import cut, cut_bytes
from coldchain_backend.delivery.phrases import PHRASES, checked_phrases
from coldchain_backend.delivery.provider import MAX_TOGETHER, short_texts
from coldchain_backend.delivery.request import Mail, Request
from coldchain_backend.delivery.telling import Link
from coldchain_backend.delivery.wording import Message, message_of
from coldchain_backend.fleet import Receiver, Sms
from coldchain_backend.fleet.templates import SHORT
from support.notices import digest, document, group, old_document, resolved
from support.tellings import LINK, NOW_MS, SETTINGS, composed, telling


def test_both_languages_have_the_same_keys_and_variables() -> None:
    en, zh = PHRASES[Language.EN], PHRASES[Language.ZH]
    assert {part: set(said) for part, said in en.items()} == {part: set(said) for part, said in zh.items()}
    for part, said in en.items():
        for key, text in said.items():
            assert names(text) == names(zh[part][key]), f"{part}.{key}"


def plain(message: Message) -> str:
    return "\n".join((message.title, message.text, *message.lines()))


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_a_sentence_with_an_unknown_variable_is_found_when_it_is_loaded() -> None:
    with pytest.raises(IntegrityError, match=r"\[title\] alert: nobody fills in \['wether'\]"):
        checked_phrases('[title]\nalert = "{level} {wether}"\n', "xx.toml")
    text = files("coldchain_backend.delivery").joinpath("texts", "en.toml").read_text("utf-8")
    assert checked_phrases(text, "en.toml") == tomllib.loads(text)


WANTED = {
    Language.EN: [
        "Truck 1 · Box · Rear", "11.3 °C", "above 8.0 °C", "42 min, 98 °C·min",
        "3 min ago (2026-11-22 16:58 CST)",
        "29.56301, 106.55156 (2026-11-22 16:57 CST)", "https://www.openstreetmap.org/?mlat=29.56301",
        "渝A·00000", "Duty driver +8613800000000", "shift-sms", "Move the goods to cold store 2.", LINK.url,
        LINK.code,
    ],
    Language.ZH: [
        "一号车 · 货厢 · 尾部", "11.3 °C", "高于 8.0 °C", "42 分钟", "3 分钟前", "16:58 CST", "29.56301",
        "渝A·00000", "Duty driver +8613800000000", "shift-sms", "将货物转移到二号冷库。", LINK.url, LINK.code,
    ],
}  # fmt: skip


@pytest.mark.parametrize("language", Language)
def test_a_critical_message_says_all_that_is_needed_on_the_road(language: Language) -> None:
    text = plain(message_of(telling("slack", language=language)))
    assert [said for said in WANTED[language] if said not in text] == []
    assert "dispatch," not in text


def test_the_end_has_no_button_and_says_what_the_goods_need() -> None:
    message = message_of(telling("slack", resolved()))
    assert message.acknowledge is None
    assert LINK.url not in plain(message)
    assert "待处置决定" in plain(message)


def test_without_a_link_nothing_speaks_of_one() -> None:
    text = plain(message_of(telling("slack", link=None)))
    assert "确认码" not in text


def test_an_old_document_and_one_without_an_alert_are_told_too() -> None:
    assert "11.3 °C" in plain(message_of(telling("slack", old_document())))
    body = b'{"type":"ledger.checkpoint","timestamp":"2026-11-22T09:00:00Z","data":{}}'
    assert "ledger.checkpoint" in message_of(telling("slack", body)).title


@pytest.mark.parametrize(
    ("ago_ms", "wanted"),
    [(0, "0 s ago"), (119_000, "119 s ago"), (120_000, "2 min ago"), (7_199_000, "119 min ago"),
     (7_200_000, "2 h ago"), (172_800_000, "2 d ago"), (-5_000, "0 s ago")],
)  # fmt: skip
def test_ages(ago_ms: int, wanted: str) -> None:
    body = document(last_contact_at="2026-11-22T09:01:00Z")
    message = message_of(telling("slack", body, language=Language.EN, now_ms=NOW_MS + ago_ms))
    assert message.fact("contact_age").startswith(wanted)


def test_a_zone_of_time_that_this_machine_does_not_know_is_utc() -> None:
    assert "UTC" in plain(message_of(telling("slack", document(zone_time="Mars/Olympus"))))


def test_a_receivers_own_sentence_takes_the_place_of_ours() -> None:
    message = message_of(telling("slack", message="{plate}: {value} ({text})"))
    assert message.text.startswith("渝A·00000: 11.3 °C (一号车")


def test_where_its_template_fails_the_plain_sentence_is_told() -> None:
    assert message_of(telling("slack", message="{weather}")).text.startswith("一号车")
    assert message_of(telling("slack", message="{")).text.startswith("一号车")


SHORTS = st.frozensets(st.sampled_from(sorted(SHORT - {"phone", "secret", "id"})), min_size=1)


@given(
    used=SHORTS,
    place=st.text(max_size=90),
    language=st.sampled_from(Language),
    link=st.sampled_from([LINK, None]),
)
def test_variables_of_a_text_message_take_70_characters_at_most(
    used: frozenset[str], place: str, language: Language, link: Link | None
) -> None:
    name = {"en": place, "zh": place}
    for body in (
        document(asset_name=name, zone_name=name),
        resolved(asset_name=name),
        document(value_c=None),
    ):
        found = short_texts(telling("sms", body, language=language, link=link), used)
        assert set(found) == used
        assert sum(len(text) for text in found.values()) <= MAX_TOGETHER
        assert not any("http" in text for text in found.values() if "http" not in place)


def test_the_code_stands_in_whole_even_where_the_place_is_long() -> None:
    name = {"en": "x" * 200, "zh": "长" * 200}
    found = short_texts(telling("sms", document(asset_name=name)), frozenset({"text"}))
    assert LINK.code in found["text"]
    assert "11.3°C" in found["text"]


def test_numbers_of_functions_and_persons_get_one_request_each_under_keys_that_name_no_number() -> None:
    sms = Sms(url="https://s.example/", body="{phone}", to=("12345",))
    parts = composed("sms", settings=sms)
    assert [part.key for part in parts] == ["to-0", "wang.li", "zhao.min"]
    bodies = [part.call.body for part in parts if isinstance(part.call, Request)]
    assert bodies == [b"12345", b"+8613800000001", b"13800000002"]


@given(place=st.text(max_size=12))
def test_no_value_can_add_a_field_or_a_header_to_a_providers_request(place: str) -> None:
    name = {"en": place, "zh": place}
    for part in composed("sms", document(asset_name=name, zone_name=None, point_name=None)):
        assert isinstance(part.call, Request)
        said = orjson.loads(part.call.body)
        assert set(said) == {"to", "params"}
        assert set(said["params"]) == {"place", "value", "code"}
    form = Sms(
        url="https://s.example/",
        body="to={phone}&text={place}",
        content_type="application/x-www-form-urlencoded",
    )
    for part in composed("sms", document(asset_name=name), settings=form):
        assert isinstance(part.call, Request)
        assert part.call.body.count(b"&") == 1


def test_a_header_that_would_hold_more_than_plain_text_is_refused() -> None:
    sms = Sms(url="https://s.example/{phone}", body="x", headers={"X-Place": "{place}"})
    with pytest.raises(InvalidInput, match="a header would hold"):
        composed("sms", settings=sms)


def test_nobody_is_rung_up_to_hear_that_it_is_over() -> None:
    assert composed("voice", resolved()) == ()
    assert composed("voice", document("alert.acknowledged")) == ()
    assert len(composed("voice")) == 2


def test_mails_of_one_alert_are_one_thread_for_each_mailbox() -> None:
    fired, ended = composed("email"), composed("email", resolved())
    heads = [_head(part.call) for part in (*fired, *ended)]
    assert [head["To"] for head in heads[:2]] == [
        "duty@corp.example",
        "=?utf-8?b?546L5Li9?= <wang.li@corp.example>",
    ]
    assert heads[0]["References"] == heads[2]["References"]
    assert heads[0]["References"] != heads[1]["References"]
    assert len({head["Message-ID"] for head in heads[:2]}) == 2


def _head(call: object) -> dict[str, str]:
    assert isinstance(call, Mail)
    text = call.message.decode("ascii").split("\r\n\r\n", 1)[0]
    return dict(line.split(": ", 1) for line in re.sub(r"\r\n\s+", " ", text).split("\r\n"))


@pytest.mark.parametrize("place", ["x\r\nBcc: a@b.example", "\n\n", "a\x00b"])
def test_a_name_cannot_add_a_header_to_a_mail(place: str) -> None:
    name = {"en": place, "zh": place}
    for part in composed("email", document(asset_name=name, plate=place)):
        assert "Bcc" not in _head(part.call)


@given(st.text(max_size=60), st.integers(0, 80))
def test_cut_texts_fit_and_are_whole_characters(text: str, most: int) -> None:
    found = cut_bytes(text, most, "…")
    assert len(found.encode()) <= max(most, 0) or len(text.encode()) <= most
    assert text.startswith(found.removesuffix("…"))
    assert len(cut(text, most)) <= most


def test_a_receiver_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidInput, match="a slack is no Sms"):
        telling("slack").settings(Sms)
    assert isinstance(telling("slack").receiver, Receiver)
    assert SETTINGS["slack"].RATE.count == 60


@pytest.mark.parametrize("language", list(Language))
def test_a_groups_message_says_how_many_where_each_and_what_to_do(language: Language) -> None:
    message = message_of(telling("slack", group("fired", "fired", "fired"), language=language))
    wanted = {
        Language.EN: (
            "3 alarms · Truck 1",
            "Store 0 · Chiller 9.5 °C (Limit 8.0 °C)",
            "Move the goods to cold store 2.",
        ),
        Language.ZH: ("3 条报警 · 一号车", "0 号库 · 冷藏间 9.5 °C (限值 8.0 °C)", "将货物转移到二号冷库。"),
    }[language]
    assert message.title == wanted[0]
    for text in (*wanted[1:], "渝A·00000", "+8613800000000", LINK.url):
        assert text in plain(message), text
    assert message.acknowledge == LINK.url


@pytest.mark.parametrize(
    ("body", "mentioned", "linked"),
    [
        (group("fired", "fired"), True, True),
        (group("resolved", "resolved"), False, False),
        (group("resolved", "rearmed"), True, True),
        (group("acknowledged", "acknowledged"), False, True),
        (digest(3, 2), False, False),
    ],
)
def test_a_group_mentions_people_when_it_calls_and_links_while_something_goes_on(
    body: bytes, *, mentioned: bool, linked: bool
) -> None:
    told = telling("wecom", body)
    assert bool(told.mentioned()) is mentioned
    assert told.notice.digest is not None
    assert told.notice.digest.acknowledges is linked


@pytest.mark.parametrize(
    ("body", "rings"),
    [
        (group("fired", "fired"), True),
        (group("resolved", "escalated"), True),
        (group("resolved", "closed"), False),
        (group("resolved", "acknowledged"), False),
        (digest(40, 30), True),
    ],
)
def test_nobody_is_rung_up_to_hear_that_all_of_a_group_is_over(body: bytes, *, rings: bool) -> None:
    assert bool(composed("voice", body)) is rings

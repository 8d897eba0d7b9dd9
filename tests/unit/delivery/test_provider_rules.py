"""What providers publish about their robots, rule by rule: docs/channels.md lists them under these names.

Every body is made from the worst there could be: texts that grow when escaped, and groups of many alerts.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.words import Language
from coldchain_backend.delivery.channels import dingtalk, feishu
from coldchain_backend.delivery.cutting import cut_before, fitting, legible
from coldchain_backend.delivery.request import Fate, Request, Response
from coldchain_backend.fleet import Receiver
from support.acceptance import Figures
from support.channel_goldens import EVENTS
from support.notices import document, group
from support.soak import rounds
from support.tellings import LINK, SECRETS, SETTINGS, composed, judged, telling

PAGE = (Path(__file__).parents[3] / "docs" / "channels.md").read_text("utf-8")
LISTED = dict(re.findall(r"^\| `([a-z]+-[a-z]+)` \|.*\| ([a-z]+) \|$", PAGE, re.MULTILINE))
UGLY = (
    "长" * 9_000,
    '"\\' * 9_000,
    "line\n" * 5_000,
    "\x00\x1b[31m\x7f\x9f\t" * 3_000,
    "🚚" * 6_000,
    "&<>" * 5_000,
)
MOBILES = ("13800000001", "13800000002")
DINGTALK_SIGN = "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
FEISHU_SIGN = "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


def worst() -> Iterator[bytes]:
    """Documents at their longest, and each kind of document as it usually is."""
    for text in UGLY:
        both = {"en": text, "zh": text}
        yield document(text=both, instruction=both, asset_name=both, plate=text[:200], reason=text)
    long = {"en": "Move it. " * 600, "zh": "请转移货物。" * 600}
    many = orjson.loads(group(*["fired"] * 30))
    yield orjson.dumps({**many, "data": {**many["data"], "instruction": long}})
    yield from EVENTS.values()


@cache
def calls(kind: str) -> tuple[Request, ...]:
    """What a channel sends of the worst, in both languages, to persons in one and to nobody in the other."""
    people = {Language.EN: (), Language.ZH: telling(kind).people}
    parts = [part for body in worst() for one in Language
             for part in composed(kind, body, language=one, people=people[one])]  # fmt: skip
    return tuple(part.call for part in parts if isinstance(part.call, Request))


def bodies(kind: str) -> list[dict[str, Any]]:
    """The same, read."""
    return [orjson.loads(one.body) for one in calls(kind)]


def fate(kind: str, body: object, status: int = 200) -> Fate:
    """What an answer means to a channel."""
    return judged(kind, Response(status=status, body=orjson.dumps(body))).fate


def slack_sections() -> None:
    for said in bodies("slack"):
        assert 0 < len(said["blocks"]) <= 50
        for block in said["blocks"]:
            assert (block["type"], block["text"]["type"]) == ("section", "mrkdwn")
            assert 0 < len(block["text"]["text"]) <= 3000
        assert said["text"]


def slack_whole() -> None:
    for said in bodies("slack"):
        assert sum(len(orjson.dumps(block).decode()) for block in said["blocks"]) <= 40_000
        assert sum(len(block["text"]["text"]) for block in said["blocks"]) <= 9_000


def slack_escapes() -> None:
    body = document(text={"en": "<!channel> & <@U1>", "zh": "<!channel> & <@U1>"})
    said = orjson.dumps(bodies_of("slack", body)).decode()
    assert "<!channel>" not in said
    assert "&lt;!channel&gt; &amp; &lt;@U1&gt;" in said


def slack_answers() -> None:
    assert judged("slack", Response(status=200, body=b"ok")).fate is Fate.DELIVERED
    assert judged("slack", Response(status=200, body=b"invalid_payload")).fate is Fate.SLOW
    limited = judged("slack", Response(status=429, headers={"retry-after": "30"}))
    assert (limited.fate, limited.retry_after_ms) == (Fate.RETRY, 30_000)
    assert str(Receiver(name="r", slack=SETTINGS["slack"]).pace) == "1/s"


def teams_card() -> None:
    for said in bodies("teams"):
        assert set(said) == {"type", "attachments"}
        [attachment] = said["attachments"]
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        card = attachment["content"]
        assert (said["type"], card["type"], card["version"]) == ("message", "AdaptiveCard", "1.2")
        assert {block["type"] for block in card["body"]} <= {"TextBlock", "FactSet"}
        assert all(fact["value"] for block in card["body"] for fact in block.get("facts", []))
        for action in card.get("actions", []):
            assert (action["type"], action["url"][:8]) == ("Action.OpenUrl", "https://")


def teams_size() -> None:
    assert all(len(one.body) < 21_000 for one in calls("teams"))


def dingtalk_size() -> None:
    assert all(len(one.body) <= 20_000 for one in calls("dingtalk"))
    assert all(len(said["markdown"]["title"]) <= 64 for said in bodies("dingtalk"))


def dingtalk_mentions() -> None:
    mentioned = 0
    for said in bodies("dingtalk"):
        for mobile in said["at"]["atMobiles"]:
            assert f"@{mobile}" in said["markdown"]["text"]
            mentioned += 1
        assert said["at"]["isAtAll"] is False
    assert mentioned >= 2 * len(UGLY)


def dingtalk_signature() -> None:
    query = parse_qs(urlsplit(calls("dingtalk")[0].url).query, strict_parsing=True)
    assert set(query) == {"access_token", "timestamp", "sign"}
    assert len(query["timestamp"][0]) == 13
    assert len(base64.b64decode(query["sign"][0], validate=True)) == 32
    # HMAC-SHA256 of "1577262236757\nthis is secret" keyed by that secret, by openssl dgst
    assert dingtalk.signature("this is secret", 1_577_262_236_757) == DINGTALK_SIGN


def dingtalk_answers() -> None:
    assert fate("dingtalk", {"errcode": 0, "errmsg": "ok"}) is Fate.DELIVERED
    assert fate("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}) is Fate.RETRY
    assert fate("dingtalk", {"errcode": 310000, "errmsg": "sign not match"}) is Fate.SLOW
    assert str(Receiver(name="r", dingtalk=SETTINGS["dingtalk"]).allowed_rate) == "20/min"


def feishu_size() -> None:
    assert all(len(one.body) <= 20_000 for one in calls("feishu"))


def feishu_rate() -> None:
    receiver = Receiver(name="r", feishu=SETTINGS["feishu"])
    assert (str(receiver.allowed_rate), str(receiver.pace)) == ("100/min", "5/s")


def feishu_signature() -> None:
    for said in bodies("feishu"):
        assert re.fullmatch(r"[0-9]{10}", said["timestamp"])
        assert len(base64.b64decode(said["sign"], validate=True)) == 32
        assert said["msg_type"] == "interactive"
    # HMAC-SHA256 of nothing keyed by "1599360473\ndemo", by openssl dgst
    assert feishu.signature("demo", 1_599_360_473) == FEISHU_SIGN


def feishu_answers() -> None:
    assert fate("feishu", {"code": 0, "msg": "success", "StatusCode": 0}) is Fate.DELIVERED
    assert fate("feishu", {"code": 11232, "msg": "frequency limited"}) is Fate.RETRY
    for code in (9499, 19021, 19022, 19024):
        assert fate("feishu", {"code": code, "msg": "no"}) is Fate.SLOW


def wecom_size() -> None:
    kinds = set()
    for said in bodies("wecom"):
        kind = said["msgtype"]
        kinds.add(kind)
        assert len(said[kind]["content"].encode()) <= {"text": 2048, "markdown": 4096}[kind]
    assert kinds == {"text", "markdown"}


def wecom_escapes() -> None:
    assert not [one for one in calls("wecom") if b"\\u" in one.body.replace(b"\\\\", b"")]


def wecom_mentions() -> None:
    said = bodies_of("wecom", document())
    assert (said["msgtype"], said["text"]["mentioned_mobile_list"]) == ("text", list(MOBILES))
    assert "mentioned_mobile_list" not in bodies_of("wecom", EVENTS["resolved"])["markdown"]


def wecom_answers() -> None:
    assert fate("wecom", {"errcode": 0, "errmsg": "ok"}) is Fate.DELIVERED
    for code in (-1, 45009, 45033):
        assert fate("wecom", {"errcode": code, "errmsg": "busy"}) is Fate.RETRY
    for code in (40008, 40033, 40058, 93000):
        assert fate("wecom", {"errcode": code, "errmsg": "no"}) is Fate.SLOW
    assert str(Receiver(name="r", wecom=SETTINGS["wecom"]).allowed_rate) == "20/min"


def pagerduty_limits() -> None:
    for one in calls("pagerduty"):
        said = orjson.loads(one.body)
        assert len(one.body) <= 512 * 1024
        assert 0 < len(said["payload"]["summary"]) <= 1024
        assert 0 < len(said["dedup_key"]) <= 255


def pagerduty_words() -> None:
    for said in bodies("pagerduty"):
        assert said["event_action"] in {"trigger", "acknowledge", "resolve"}
        assert said["payload"]["severity"] in {"critical", "error", "warning", "info"}
        assert said["payload"]["source"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", said["payload"]["timestamp"])
        assert len(said["routing_key"]) == 32
        assert all(link["href"].startswith("https://") for link in said.get("links", []))


def pagerduty_answers() -> None:
    wanted = {202: Fate.DELIVERED, 400: Fate.SLOW, 429: Fate.RETRY, 500: Fate.RETRY, 503: Fate.RETRY}
    assert {status: fate("pagerduty", {}, status) for status in wanted} == wanted


def bodies_of(kind: str, body: bytes) -> Any:  # noqa: ANN401 - a JSON document
    """What a channel says of one document."""
    call = composed(kind, body)[0].call
    assert isinstance(call, Request)
    return orjson.loads(call.body)


RULES = {
    one.__name__.replace("_", "-"): one
    for one in (
        slack_sections, slack_whole, slack_escapes, slack_answers, teams_card, teams_size, dingtalk_size,
        dingtalk_mentions, dingtalk_signature, dingtalk_answers, feishu_size, feishu_rate, feishu_signature,
        feishu_answers, wecom_size, wecom_escapes, wecom_mentions, wecom_answers, pagerduty_limits,
        pagerduty_words, pagerduty_answers,
    )
}  # fmt: skip


@pytest.mark.acceptance("T9")
@pytest.mark.parametrize("name", LISTED)
def test_what_is_sent_keeps_the_rules_of_its_provider(name: str, figures: Figures) -> None:
    RULES[name]()
    figures.add(provider_rules=1)


def test_the_page_lists_each_rule_and_how_well_it_is_known() -> None:
    assert list(LISTED) == list(RULES)
    assert set(LISTED.values()) <= {"published", "reported", "unverified"}


@pytest.mark.parametrize("kind", ["slack", "teams", "dingtalk", "feishu", "wecom"])
def test_no_length_of_a_text_cuts_off_where_it_is_acknowledged(kind: str) -> None:
    for body in worst():
        fires = b'"alert.fired"' in body or b'"group"' in body
        assert not fires or LINK.url in orjson.dumps(bodies_of(kind, body)).decode()


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=4), st.integers(0, 250))
@settings(max_examples=rounds(50, 3000))
def test_a_text_cut_before_its_lines_has_room_and_keeps_them(text: str, kept: list[str], most: int) -> None:
    found, lines = cut_before(text, kept, most, "…"), "\n".join(one for one in kept if one)
    assert len(found.encode()) <= most
    if len(lines.encode()) + 1 <= most:
        assert found.endswith(lines)


@given(st.text(max_size=300), st.integers(40, 400))
@settings(max_examples=rounds(50, 3000))
def test_a_body_fits_whatever_its_escapes_add(text: str, most: int) -> None:
    body = fitting(lambda room: orjson.dumps({"text": cut_before(text, (), room, "…")}), most)
    assert len(body) <= most


def test_a_legible_text_has_lines_and_no_other_control_characters() -> None:
    assert legible("a\tb\x00c\nd\x7f冷") == "a b c\nd 冷"
    assert legible("plain 冷藏") == "plain 冷藏"


def test_secrets_of_the_samples_are_as_long_as_the_real_ones() -> None:
    assert len(SECRETS["pagerduty"]["routing_key"]) == 32

"""What every channel sends, against files that were read by a person, and what its answers mean."""

import base64
import hashlib
import hmac
from dataclasses import fields
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain.words import Language
from coldchain_backend.delivery.channels import CHANNELS
from coldchain_backend.delivery.channels.alertmanager import fingerprint, group_text, quoted
from coldchain_backend.delivery.request import Fate, NoResponse, Request, Response
from coldchain_backend.fleet import Channels
from support.acceptance import FIGURES, Figures
from support.channel_goldens import EVENTS, FOLDER, golden
from support.notices import digest, document, resolved
from support.soak import rounds
from support.tellings import NOW_MS, SECRETS, composed, judged, telling

HTTP = (
    "webhook",
    "alertmanager",
    "pagerduty",
    "slack",
    "teams",
    "dingtalk",
    "feishu",
    "wecom",
    "sms",
    "voice",
)
ROBOTS = ("dingtalk", "feishu", "wecom")


def request(kind: str, body: bytes | None = None, **how: object) -> Request:
    """The first call of a channel that speaks HTTP."""
    call = composed(kind, body, **how)[0].call
    assert isinstance(call, Request)
    return call


def test_every_channel_of_the_fleet_file_has_a_line_in_the_table() -> None:
    assert list(CHANNELS) == [one.name for one in fields(Channels)]


@pytest.mark.acceptance("T9")
@pytest.mark.parametrize("kind", CHANNELS)
def test_it_sends_what_the_golden_file_says(kind: str, figures: Figures) -> None:
    assert golden(kind) == (FOLDER / f"{kind}.json").read_text("utf-8")
    figures.add(channels=1, bodies=2 * len(EVENTS))


@pytest.mark.acceptance("T9")
@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ({"alertname": "DemoAlert", "server": "ni3", "severity": "critical"}, "8a07086b74f3ba78"),
        ({"alertname": "TempHigh", "sensor": "s1", "severity": "critical"}, "e89626284af46248"),
        ({}, "cbf29ce484222325"),
    ],
)
def test_fingerprints_are_those_of_a_real_alertmanager(
    labels: dict[str, str], wanted: str, figures: Figures
) -> None:
    assert fingerprint(labels) == wanted
    assert fingerprint(dict(reversed(labels.items()))) == wanted
    figures.add(fingerprints=1)


def test_group_keys_are_quoted_as_go_does() -> None:
    assert group_text({"b": 'x"\\\n', "a": "冷藏间\x01"}) == '{a="冷藏间\\x01", b="x\\"\\\\\\n"}'
    assert quoted("\u200b\U000e0001") == '"\\u200b\\U000e0001"'


@pytest.mark.acceptance("T9")
def test_alertmanager_bodies_hold_texts_only_and_gos_zero_time() -> None:
    said = orjson.loads(request("alertmanager").body)
    [alert] = said["alerts"]
    assert (said["version"], said["status"], alert["endsAt"]) == ("4", "firing", "0001-01-01T00:00:00Z")
    assert all(isinstance(value, str) for value in {**alert["labels"], **alert["annotations"]}.values())
    assert alert["fingerprint"] == fingerprint(alert["labels"])
    ended = orjson.loads(request("alertmanager", resolved()).body)
    assert ended["status"] == "resolved"
    assert ended["alerts"][0]["fingerprint"] == alert["fingerprint"]
    assert ended["alerts"][0]["endsAt"] == "2026-11-22T09:10:00Z"


def test_a_change_of_level_ends_what_stood_under_the_old_one() -> None:
    was = orjson.loads(request("alertmanager", document(level="warning")).body)["alerts"][0]
    said = orjson.loads(request("alertmanager", document("alert.level_changed")).body)
    firing, ended = said["alerts"]
    assert (firing["status"], firing["labels"]["severity"]) == ("firing", "critical")
    assert (ended["status"], ended["fingerprint"]) == ("resolved", was["fingerprint"])
    assert "severity" not in said["commonLabels"]


@pytest.mark.acceptance("T9")
@given(
    now_ms=st.integers(10**12, 2 * 10**12),
    secret=st.text(st.characters(codec="ascii"), min_size=1, max_size=40),
)
@settings(max_examples=rounds(20, 500))
def test_dingtalk_signs_time_and_secret_in_the_address(now_ms: int, secret: str) -> None:
    url = request("dingtalk", secrets={**SECRETS["dingtalk"], "secret": secret}, now_ms=now_ms).url
    query = parse_qs(urlsplit(url).query, strict_parsing=True)
    digest_ = hmac.new(secret.encode(), f"{now_ms}\n{secret}".encode(), hashlib.sha256).digest()
    assert query == {
        "access_token": ["s3cret-dingtalk"],
        "timestamp": [str(now_ms)],
        "sign": [base64.b64encode(digest_).decode()],
    }


@pytest.mark.acceptance("T9")
@given(now_ms=st.integers(10**12, 2 * 10**12))
@settings(max_examples=rounds(20, 500))
def test_feishu_signs_nothing_with_time_and_secret_in_the_body(now_ms: int) -> None:
    said = orjson.loads(request("feishu", now_ms=now_ms).body)
    key = f"{now_ms // 1000}\n{SECRETS['feishu']['secret']}".encode()
    assert said["timestamp"] == str(now_ms // 1000)
    assert base64.b64decode(said["sign"]) == hmac.new(key, b"", hashlib.sha256).digest()


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_a_robot_without_a_secret_is_not_signed(kind: str) -> None:
    call = request(kind, secrets={"url": SECRETS[kind]["url"]})
    assert call.url == SECRETS[kind]["url"]
    assert b'"sign"' not in call.body


@pytest.mark.parametrize("kind", ["dingtalk", "wecom"])
def test_persons_are_mentioned_when_it_fires_and_not_when_it_ends(kind: str) -> None:
    fired, ended = request(kind).body.decode(), request(kind, resolved()).body.decode()
    for mobile in ("13800000001", "13800000002"):
        assert mobile in fired
        assert mobile not in ended


@pytest.mark.acceptance("T10")
@pytest.mark.parametrize(
    ("kind", "body", "fate"),
    [
        ("dingtalk", b'{"errcode":0,"errmsg":"ok"}', Fate.DELIVERED),
        ("dingtalk", b'{"errcode":310000,"errmsg":"sign not match"}', Fate.SLOW),
        ("dingtalk", b'{"errcode":130101,"errmsg":"send too fast"}', Fate.RETRY),
        ("dingtalk", b'{"errcode":"0"}', Fate.SLOW),
        ("dingtalk", b"", Fate.SLOW),
        ("feishu", b'{"code":0,"msg":"success"}', Fate.DELIVERED),
        ("feishu", b'{"StatusCode":0,"StatusMessage":"success"}', Fate.DELIVERED),
        ("feishu", b'{"code":19021,"msg":"sign match fail"}', Fate.SLOW),
        ("feishu", b'{"code":11232,"msg":"frequency limited"}', Fate.RETRY),
        ("feishu", b'{"code":false}', Fate.SLOW),
        ("wecom", b'{"errcode":0,"errmsg":"ok"}', Fate.DELIVERED),
        ("wecom", b'{"errcode":93000,"errmsg":"invalid webhook url"}', Fate.SLOW),
        ("wecom", b'{"errcode":45009,"errmsg":"api freq out of limit"}', Fate.RETRY),
        ("wecom", b"<html>login</html>", Fate.SLOW),
        ("slack", b"ok", Fate.DELIVERED),
        ("slack", b'{"ok":true}', Fate.DELIVERED),
        ("slack", b'{"ok":false,"error":"channel_not_found"}', Fate.SLOW),
        ("slack", b'{"ok":false,"error":"ratelimited"}', Fate.RETRY),
        ("slack", b"<html>welcome</html>", Fate.SLOW),
        ("sms", b'{"status":"OK"}', Fate.DELIVERED),
        ("sms", b'{"status":"isv.BUSINESS_LIMIT_CONTROL"}', Fate.SLOW),
        ("sms", b"[]", Fate.SLOW),
        ("voice", b"whatever", Fate.DELIVERED),
    ],
)
def test_what_a_body_behind_200_means(kind: str, body: bytes, fate: Fate, figures: Figures) -> None:
    outcome = judged(kind, Response(status=200, body=body))
    assert outcome.fate is fate
    assert outcome.reason
    figures.add(bodies=1)


@pytest.mark.acceptance("T10")
@pytest.mark.parametrize("kind", HTTP)
@pytest.mark.parametrize(
    ("status", "fate"),
    [(408, Fate.RETRY), (425, Fate.RETRY), (429, Fate.RETRY), (500, Fate.RETRY), (503, Fate.RETRY),
     (599, Fate.RETRY), (301, Fate.SLOW), (302, Fate.SLOW), (307, Fate.SLOW), (400, Fate.SLOW),
     (401, Fate.SLOW), (404, Fate.SLOW), (422, Fate.SLOW)],
)  # fmt: skip
def test_what_a_status_means_to_every_channel(kind: str, status: int, fate: Fate, figures: Figures) -> None:
    assert judged(kind, Response(status=status)).fate is fate
    figures.add(statuses=1)


@pytest.mark.acceptance("T10")
@pytest.mark.parametrize("kind", [kind for kind in HTTP if kind != "pagerduty"])
def test_gone_is_gone(kind: str) -> None:
    assert judged(kind, Response(status=410)).fate is Fate.GONE


def test_pagerduty_itself_is_never_gone() -> None:
    assert judged("pagerduty", Response(status=410)).fate is Fate.SLOW


@pytest.mark.parametrize("kind", CHANNELS)
def test_no_answer_passes_and_a_forbidden_target_needs_a_person(kind: str) -> None:
    assert judged(kind, NoResponse(reason="ReadTimeout")).fate is Fate.RETRY
    assert judged(kind, NoResponse(reason="private", forbidden=True)).fate is Fate.SLOW


@pytest.mark.parametrize(
    ("kind", "status", "fate"),
    [("email", 250, Fate.DELIVERED), ("email", 421, Fate.RETRY), ("email", 451, Fate.RETRY),
     ("email", 550, Fate.SLOW), ("email", 535, Fate.SLOW),
     ("mqtt", 0, Fate.DELIVERED), ("mqtt", 5, Fate.SLOW)],
)  # fmt: skip
def test_what_a_reply_code_means(kind: str, status: int, fate: Fate) -> None:
    assert judged(kind, Response(status=status, body=b"said")).fate is fate


@pytest.mark.parametrize(
    ("value", "wanted_ms"),
    [("7", 7_000), ("Sun, 22 Nov 2026 09:02:00 GMT", 60_000), ("Sun, 22 Nov 2026 09:00:00 GMT", 0),
     ("", None), ("soon", None), ("٣", None), ("9" * 30, None), ("-5", None)],
)  # fmt: skip
def test_retry_after_in_seconds_or_as_a_date(value: str, wanted_ms: int | None) -> None:
    answer = Response(status=429, headers={"retry-after": value})
    assert CHANNELS["slack"].read(answer, telling("slack", now_ms=NOW_MS)).retry_after_ms == wanted_ms


def test_a_digest_is_one_event_for_each_alert_at_pagerduty() -> None:
    parts = composed("pagerduty", digest(5, 2))
    said = [orjson.loads(part.call.body) for part in parts if isinstance(part.call, Request)]
    assert [part.key for part in parts] == [f"{one['dedup_key']} trigger" for one in said]
    payloads = [one["payload"] for one in said]
    assert [one["source"] for one in payloads] == ["store-0.chiller", "store-1.chiller"]
    assert [one["component"] for one in payloads] == ["store-0.chiller.rear", "store-1.chiller.rear"]
    assert len({part.key for part in parts}) == 2


def test_an_alert_that_fires_and_ends_in_one_digest_is_both_at_pagerduty() -> None:
    """Each is a call of its own: the end is not taken for the fire that has just arrived."""
    whole = orjson.loads(digest(3, 3))
    first, rest = whole["data"]["named"][0], whole["data"]["named"][1:]
    whole["data"]["named"] = [first, {**first, "event": "resolved"}, {**rest[0], "event": "acknowledged"}]
    parts = composed("pagerduty", orjson.dumps(whole))
    said = [orjson.loads(part.call.body) for part in parts if isinstance(part.call, Request)]
    assert [one["event_action"] for one in said] == ["trigger", "resolve", "acknowledge"]
    assert len({part.key for part in parts}) == 3


def said_to_alertmanager(body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(request("alertmanager", body).body)
    return found


@pytest.mark.acceptance("T9")
def test_a_digest_is_a_group_of_its_alerts_to_who_understands_alertmanager() -> None:
    said = said_to_alertmanager(digest(5, 2))
    assert [one["labels"]["sensor"] for one in said["alerts"]] == ["t0-rear", "t1-rear"]
    assert said["truncatedAlerts"] == 3
    assert (said["status"], said["groupLabels"]) == ("firing", {"organisation": "demo"})
    assert said["groupKey"] == '{}:{organisation="demo"}'
    for one in said["alerts"]:
        assert said["commonLabels"].items() <= one["labels"].items()
        assert said["commonAnnotations"].items() <= one["annotations"].items()
        assert one["fingerprint"] == fingerprint(one["labels"])


@pytest.mark.acceptance("T9")
def test_who_heard_the_fire_in_a_digest_knows_the_end_by_its_fingerprint() -> None:
    """Labels in a digest are those of a message of its own, whatever it brings."""
    whole = orjson.loads(document(sensor="t0-rear", gateway=None))["data"]
    same = ("alert_id", "kind", "level", "asset", "zone", "point", "sensor", "rule")
    named = orjson.loads(digest())["data"]["named"][0] | {name: whole[name] for name in same}
    base = orjson.loads(digest())
    for event, status in (("fired", "firing"), ("acknowledged", "firing"), ("resolved", "resolved")):
        base["data"]["named"] = [named, {**named, "event": event}]
        said = said_to_alertmanager(orjson.dumps(base))
        [alone, *_] = said_to_alertmanager(document(sensor="t0-rear", gateway=None))["alerts"]
        assert [one["fingerprint"] for one in said["alerts"]] == [alone["fingerprint"]]
        assert (said["status"], said["alerts"][0]["status"]) == (status, status)


def test_a_level_that_changed_in_a_digest_ends_what_stood_under_the_other() -> None:
    base = orjson.loads(digest(1, 1))
    base["data"]["named"][0]["event"] = "level_changed"
    said = said_to_alertmanager(orjson.dumps(base))
    assert [(one["labels"]["severity"], one["status"]) for one in said["alerts"]] == [
        ("critical", "firing"), ("warning", "resolved"),
    ]  # fmt: skip


@pytest.mark.parametrize("named", [[], [{}], [{"alert_id": 7, "event": None, "place": "x"}]])
def test_a_digest_that_names_nothing_sensible_is_told_all_the_same(named: list[object]) -> None:
    base = orjson.loads(digest())
    base["data"]["named"] = named
    [alert] = said_to_alertmanager(orjson.dumps(base))["alerts"]
    assert alert["status"] == "firing"
    assert alert["labels"]["alertname"] in {"alert", "alert.digest"}


def test_pagerduty_hears_trigger_acknowledge_and_resolve_under_one_key() -> None:
    bodies = (EVENTS["fired"], EVENTS["acknowledged"], EVENTS["resolved"])
    said = [orjson.loads(request("pagerduty", body).body) for body in bodies]
    assert [one["event_action"] for one in said] == ["trigger", "acknowledge", "resolve"]
    assert len({one["dedup_key"] for one in said}) == 1


LONG = "长" * 30_000


@pytest.mark.acceptance("T9")
@pytest.mark.parametrize(
    ("kind", "most"), [("dingtalk", 20_000), ("feishu", 20_000), ("wecom", 4_500), ("teams", 28_000)]
)
def test_a_text_that_is_too_long_is_cut_between_characters_and_it_is_said(kind: str, most: int) -> None:
    body = document(text={"en": LONG, "zh": LONG}, instruction={"en": LONG, "zh": LONG})
    for people in ((), telling(kind).people):
        call = request(kind, body, people=people)
        assert len(call.body) <= most
        assert "已截断" in call.body.decode("utf-8")


def test_limits_of_pagerduty() -> None:
    call = request("pagerduty", document(text={"en": LONG, "zh": LONG}))
    said = orjson.loads(call.body)
    assert len(said["payload"]["summary"]) == 1024
    huge = "长" * 300_000
    call = request("pagerduty", document(instruction={"en": huge, "zh": huge}))
    assert len(call.body) <= 512 * 1024
    assert "left out" in orjson.loads(call.body)["payload"]["custom_details"]["note"]


def test_slack_sections_are_short_and_nothing_in_a_name_is_markup() -> None:
    body = document(text={"zh": "<!channel> & co"}, instruction={"en": LONG, "zh": LONG})
    said = orjson.loads(request("slack", body).body)
    texts = [block["text"]["text"] for block in said["blocks"]]
    assert all(len(text) <= 3000 for text in texts)
    assert "&lt;!channel&gt; &amp; co" in texts[0]


@pytest.mark.parametrize("kind", ["webhook", "pagerduty", "slack", "teams", "dingtalk", "feishu", "wecom"])
def test_a_missing_secret_is_named_and_nothing_is_sent(kind: str) -> None:
    with pytest.raises(InvalidInput, match="dispatch: `"):
        composed(kind, secrets={})


@pytest.mark.parametrize("kind", CHANNELS)
def test_no_secret_stands_in_a_repr(kind: str) -> None:
    shown = repr(composed(kind)) + repr(telling(kind))
    assert "s3cret" not in shown


ODD = (
    st.text(max_size=30)
    | st.none()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
)


@pytest.mark.acceptance("T15")
@pytest.mark.soak
@settings(max_examples=rounds(15, 1500), deadline=None, suppress_health_check=FIGURES)
@given(
    kind=st.sampled_from(sorted(CHANNELS)),
    language=st.sampled_from(Language),
    changed=st.dictionaries(
        st.sampled_from(
            ["value_c", "limit_c", "plate", "zone_time", "asset", "by", "reason", "told", "state", "level",
             "kind", "alert_id", "link", "out_minutes", "position", "organisation"]
        ),
        ODD,
    ),
)  # fmt: skip
def test_whatever_a_notice_says_every_channel_can_tell_it(
    kind: str, language: Language, changed: dict[str, object], figures: Figures
) -> None:
    figures.add(notices=1)
    for body in (document(**changed), digest()):
        for part in composed(kind, body, language=language):
            assert part.call is not None


@pytest.mark.acceptance("T15")
@pytest.mark.soak
@settings(max_examples=rounds(25, 5000), deadline=None, suppress_health_check=FIGURES)
@given(
    kind=st.sampled_from(sorted(CHANNELS)), status=st.integers(0, 999), body=st.binary(max_size=300),
    after=st.text(max_size=40),
)  # fmt: skip
def test_whatever_is_answered_has_a_meaning(
    kind: str, status: int, body: bytes, after: str, figures: Figures
) -> None:
    figures.add(answers=1)
    outcome = judged(kind, Response(status=status, body=body, headers={"retry-after": after}))
    assert outcome.fate in Fate
    assert outcome.retry_after_ms is None or outcome.retry_after_ms >= 0

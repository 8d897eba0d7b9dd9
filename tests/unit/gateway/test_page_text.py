"""The page without a socket: bytes become a request or a status, a board becomes one screen of text."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.words import Language, Text
from coldchain_gateway.health import SourceHealth
from coldchain_gateway.local_alarm import Board, PointView, SensorView, ZoneState, ZoneView
from coldchain_gateway.page.render import HUSH_MINUTES, MINUS, duration, language_of, number, page, texts
from coldchain_gateway.page.requests import MAX_BODY, BadRequest, Reply, Request, form, parse_head
from coldchain_gateway.uplink import UplinkState
from support.health import GOOD


def point(state: ZoneState, value: float | None = 4.0, age_ms: int | None = 3_000) -> PointView:
    return PointView(name=Text(en="Front", zh="门口"), state=state, value=value, unit="°C", age_ms=age_ms)


def zone(state: ZoneState, name: str = "Chiller", *points: PointView) -> ZoneView:
    return ZoneView(
        name=Text(en=name, zh="冷藏间"),
        asset=Text(en="Store", zh="冷库"),
        state=state,
        low=2.0,
        high=8.0,
        points=points or (point(state),),
        contacts=("Li 138", "Wu 139"),
    )


EMPTY = Board(zones=(), unwatched=(), standing=0, sounding=False, hush_left_ms=0, upstream_ms=None)


def shown(board: Board, language: Language = Language.EN, *, hush: bool = True) -> str:
    return page(board, GOOD, language, hush=hush)


def test_the_worst_zone_stands_first_and_gives_the_banner() -> None:
    zones = (zone(ZoneState.OK, "Well"), zone(ZoneState.ALARM, "Warm"), zone(ZoneState.UNKNOWN, "Mute"))
    text = shown(replace(EMPTY, zones=zones))
    assert text.index("Warm") < text.index("Mute") < text.index("Well")
    assert '<p class="banner alarm">' in text


def test_who_is_to_be_called_stands_where_something_is_to_be_done_and_nowhere_else() -> None:
    for state in ZoneState:
        told = "Li 138, Wu 139" in shown(replace(EMPTY, zones=(zone(state),)))
        assert told is (f"todo_{state.name.lower()}" in texts(Language.EN))
    assert "Li 138" in shown(replace(EMPTY, zones=(zone(ZoneState.ALARM),)))
    assert "Li 138" not in shown(replace(EMPTY, zones=(zone(ZoneState.OK),)))


@pytest.mark.parametrize(
    ("contact", "html"),
    [
        ("Li 138 0000 0000", 'Li <a href="tel:13800000000">138 0000 0000</a>'),
        ("+86 23 0000-0000 (day)", '<a href="tel:+862300000000">+86 23 0000-0000</a> (day)'),
        ("<b>Wu</b>", "&lt;b&gt;Wu&lt;/b&gt;"),
        ("Wu {0} 139", "Wu {0} 139"),
    ],
)
def test_a_thumb_on_a_number_calls_it(contact: str, html: str) -> None:
    alarming = replace(zone(ZoneState.ALARM), contacts=(contact,))
    assert html in shown(replace(EMPTY, zones=(alarming,)))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(2.0, 8.0, "limits"), (None, -18.0, "limit_high"), (-5.0, None, "limit_low"), (None, None, None)],
)
def test_limits_are_told_as_far_as_there_are_any(
    low: float | None, high: float | None, said: str | None
) -> None:
    text = shown(replace(EMPTY, zones=(replace(zone(ZoneState.OK), low=low, high=high),)))
    assert ('class="limits"' in text) is (said is not None)
    if said is not None:
        told = ["" if value is None else number(value) for value in (low, high)]
        assert texts(Language.EN)[said].format(low=told[0], high=told[1]) in text


def test_a_point_that_never_spoke_shows_a_dash_and_says_so() -> None:
    silent = zone(ZoneState.UNKNOWN, "Chiller", point(ZoneState.UNKNOWN, None, None))
    text = shown(replace(EMPTY, zones=(silent,)), Language.ZH)
    assert "<output>—</output>" in text
    assert texts(Language.ZH)["never"] in text
    assert "门口" in text


def test_where_nothing_is_watched_it_says_so_and_shows_what_is_read() -> None:
    known = texts(Language.EN)
    assert known["nothing_heard"] in shown(EMPTY)
    assert known["not_watching"] in shown(EMPTY)
    sensor = SensorView(sensor="28-<b>", value=-18.04, unit="°C", age_ms=61_000)
    text = shown(replace(EMPTY, unwatched=(sensor,)))
    assert f"28-&lt;b&gt;</b><output>{MINUS}18.0&nbsp;°C</output>" in text
    assert known["nothing_heard"] not in text


def test_hushing_is_offered_only_while_something_stands_and_where_it_is_allowed() -> None:
    quiet = replace(EMPTY, zones=(zone(ZoneState.ALARM),))
    standing = replace(quiet, standing=1, sounding=True)
    assert "<form" not in shown(quiet)
    assert "<form" not in shown(standing, hush=False)
    assert shown(standing).count('name="minutes"') == len(HUSH_MINUTES)
    hushed = shown(replace(standing, sounding=False, hush_left_ms=240_000))
    assert "<form" not in hushed
    assert texts(Language.EN)["hushed"].format(left="4 min") in hushed
    broken = shown(replace(standing, hush_left_ms=240_000))  # a new alarm sounds through the hush
    assert "<form" in broken


def test_the_gateways_own_troubles_stand_at_the_foot() -> None:
    known = texts(Language.EN)
    sick = replace(
        GOOD,
        clock_trusted=False,
        uplink=UplinkState(state="denied", message="", last_accepted_ms=None, unsent_again=0),
        sources=(
            SourceHealth(name="li<ne", state="waiting", error="x", restarts=3, refused={}),
            SourceHealth(name="fine", state="running", error="", restarts=0, refused={}),
        ),
    )
    text = page(EMPTY, sick, Language.EN, hush=True)
    assert known["clock_untrusted"] in text
    assert known["upstream_not_now"] in text
    assert known["sources_down"].format(names="li&lt;ne") in text
    assert known["waiting"].format(batches=2) in text
    alone = page(replace(EMPTY, upstream_ms=7_200_000), replace(GOOD, uplink=None), Language.EN, hush=True)
    assert known["upstream_silent"].format(age=known["hours"].format(n=2)) in alone
    assert known["upstream_connected"] in shown(EMPTY)


@given(st.text(max_size=30))
def test_no_name_gets_out_of_its_text(name: str) -> None:
    named = ZoneView(
        name=Text(en=name or "x", zh="x"),
        asset=Text(en="a", zh="a"),
        state=ZoneState.ALARM,
        low=None,
        high=None,
        points=(point(ZoneState.ALARM),),
        contacts=(name,),
    )
    text = page(replace(EMPTY, zones=(named,)), GOOD, Language.EN, hush=False)
    harmless = replace(named, name=Text(en="x", zh="x"), contacts=("x",))
    plain = page(replace(EMPTY, zones=(harmless,)), GOOD, Language.EN, hush=False)
    assert text.count("<") == plain.count("<")
    assert text.count('"') == plain.count('"')


@pytest.mark.parametrize(
    ("value", "text"),
    [(4.04, "4.0"), (-0.04, "0.0"), (-18.26, f"{MINUS}18.3"), (1013.25, "1013"), (-4000.0, f"{MINUS}4000")],
)
def test_a_number_reads_as_people_write_it(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("ms", "unit", "n"),
    [
        (0, "seconds", 0),
        (59_999, "seconds", 59),
        (60_000, "minutes", 1),
        (7_199_999, "minutes", 119),
        (7_200_000, "hours", 2),
        (172_799_999, "hours", 47),
        (172_800_000, "days", 2),
    ],
)
def test_an_age_is_told_in_its_largest_whole_unit(ms: int, unit: str, n: int) -> None:
    for language in Language:
        assert duration(ms, texts(language)) == texts(language)[unit].format(n=n)


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("zh", "en", Language.ZH),
        (None, "fr, zh-CN;q=0.9, en;q=0.8", Language.ZH),
        ("xx", "EN-gb", Language.EN),
        (None, "", Language.EN),
        (None, "fr", Language.EN),
    ],
)
def test_the_language_is_what_was_asked_for_or_the_browser_prefers(
    asked: str | None, accepted: str, language: Language
) -> None:
    assert language_of(asked, accepted) is language


def head(*lines: str, first: str = "GET /?lang=zh HTTP/1.1") -> Request:
    return parse_head("\r\n".join((first, *lines)).encode())


def test_a_request_is_read_with_its_query_and_headers_in_small_letters() -> None:
    read = head("Host: gw", "Accept-Language:  zh ", "X:")
    assert (read.method, read.path, read.query) == ("GET", "/", {"lang": "zh"})
    assert read.headers == {"host": "gw", "accept-language": "zh", "x": ""}


@pytest.mark.parametrize(
    "lines",
    [
        ("GET / HTTP/2", "Host: gw"),
        ("GET http://gw/ HTTP/1.1",),
        ("GET  / HTTP/1.1",),
        ("GET /",),
        ("GET //[ HTTP/1.1",),
        ("GET / HTTP/1.1", "no colon"),
        ("GET / HTTP/1.1", " folded: x"),
        ("GET / HTTP/1.1", "spaced : x"),
        ("GET / HTTP/1.1", ": x"),
        (f"GET /?{'a=1&' * 30} HTTP/1.1",),
    ],
)
def test_what_is_no_request_of_this_page_is_a_bad_one(lines: tuple[str, ...]) -> None:
    with pytest.raises(BadRequest) as told:
        head(*lines[1:], first=lines[0])
    assert told.value.status == 400


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Content-Length: {MAX_BODY + 1}", 413),
        ("Content-Length: 99999999999999999999", 413),
        ("Content-Length: -1", 400),
        ("Content-Length: ²", 400),
        ("Content-Length: 1_0", 400),
        ("Transfer-Encoding: chunked", 400),
    ],
)
def test_a_body_of_no_length_or_too_much_is_refused(header: str, status: int) -> None:
    with pytest.raises(BadRequest) as told:
        _ = head(header).body_length
    assert told.value.status == status


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ((), True),
        (("Origin: http://gw:8123",), True),
        (("Origin: http://gw:8123", "Sec-Fetch-Site: same-origin"), True),
        (("Origin: http://evil.example",), False),
        (("Origin: null",), False),
        (("Origin: http://[",), False),
        (("Sec-Fetch-Site: cross-site",), False),
        (("Sec-Fetch-Site: same-site",), False),
    ],
)
def test_a_form_of_another_page_is_not_this_pages_own(
    headers: tuple[str, ...],
    own: bool,  # noqa: FBT001 - a case of the test
) -> None:
    assert head("Host: gw:8123", *headers).own is own


def test_the_first_value_of_a_field_counts() -> None:
    assert form("minutes=5&minutes=99&x=") == {"minutes": "5"}


def test_an_answer_to_head_has_no_body_and_says_how_long_it_would_be() -> None:
    reply = Reply(body="冷".encode())
    assert reply.encoded().endswith(b"\r\n\r\n\xe5\x86\xb7")
    assert reply.encoded(body=False).endswith(b"\r\n\r\n")
    for said in (b"HTTP/1.1 200 OK\r\n", b"Content-Length: 3\r\n", b"default-src 'none'", b"nosniff"):
        assert said in reply.encoded(body=False)


def status_of(raw: bytes) -> int:
    try:
        read = parse_head(raw)
        return 200 if read.own in (True, False) and read.body_length <= MAX_BODY else 0
    except BadRequest as error:
        return error.status


@given(st.binary(max_size=120))
def test_any_head_is_a_request_or_a_bad_one(raw: bytes) -> None:
    for data in (raw, b"GET /" + raw + b" HTTP/1.1", b"POST /hush HTTP/1.1\r\nOrigin: http://" + raw):
        assert status_of(data) in (200, 400, 413)

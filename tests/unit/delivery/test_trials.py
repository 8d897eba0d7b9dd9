"""Test messages: the longest that could really be sent, told apart from real ones, in every channel."""

import pytest

from coldchain.words import Language
from coldchain_backend.delivery.channels import CHANNELS
from coldchain_backend.delivery.notice import read_notice
from coldchain_backend.delivery.trial import ENDED_BY_AN_END, trial_document, trial_id
from coldchain_backend.delivery.wording import message_of
from coldchain_backend.fleet import Plan
from coldchain_backend.fleetfile import parse
from support.fleets import FLEET_FILE
from support.tellings import NOW_MS, composed, telling

PLAN = parse(FLEET_FILE.read_text("utf-8"))
BODY = trial_document(PLAN, PLAN.receivers[0], "https://cold.example", NOW_MS)


def test_it_says_that_it_is_a_test_and_has_every_part_of_a_real_one() -> None:
    notice = read_notice(BODY)
    assert (notice.type, notice.critical, notice.ended) == ("alert.test", True, False)
    assert notice.alert == trial_id(PLAN.receivers[0].name, NOW_MS)
    assert notice.position is not None
    assert notice.contacts
    assert notice.told == tuple(one.name for one in PLAN.receivers)
    for language, word in ((Language.EN, "This is a test"), (Language.ZH, "这是一条测试消息")):
        message = message_of(telling("slack", BODY, language=language))
        assert message.text.startswith(word)
        assert {"limit", "map", "call", "instruction", "acknowledge", "code"} <= {
            one.key for one in message.facts
        }


@pytest.mark.parametrize("kind", CHANNELS)
def test_every_channel_sends_it(kind: str) -> None:
    assert composed(kind, BODY)


@pytest.mark.parametrize("kind", sorted(ENDED_BY_AN_END))
def test_where_a_fire_stays_open_its_end_is_sent_too(kind: str) -> None:
    body = trial_document(PLAN, PLAN.receivers[0], "https://cold.example", NOW_MS, ends=True)
    assert read_notice(body).ended
    assert read_notice(body).alert == read_notice(BODY).alert
    assert composed(kind, body)


def test_an_empty_fleet_can_be_tried_too() -> None:
    body = trial_document(Plan(organisation="demo"), PLAN.receivers[0], "http://x", NOW_MS)
    assert read_notice(body).plate == "TEST-0000"

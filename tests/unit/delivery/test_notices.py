"""The notice document: read whole, read old, read whatever stands in it without a fault."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain.words import Language
from coldchain_backend.delivery.notice import Contact, Position, read_notice
from support.acceptance import FIGURES, Figures
from support.notices import FULL, digest, document, old_document, resolved
from support.soak import rounds


def test_everything_that_is_said_is_read() -> None:
    notice = read_notice(document())
    assert (notice.type, notice.alert, notice.sequence, notice.level) == (
        "alert.fired", FULL["alert_id"], 2, "alarm",
    )  # fmt: skip
    assert (notice.value_c, notice.limit_c, notice.out_minutes, notice.side) == (11.3, 8.0, 42.0, "high")
    assert notice.place(Language.ZH) == "一号车 · 货厢 · 尾部"
    assert notice.contacts == (Contact(name="Duty driver", phone="+8613800000000"),)
    assert notice.position == Position(latitude=29.56301, longitude=106.55156, at_ms=1_795_337_820_000)
    assert notice.told == ("dispatch", "shift-sms")
    assert (notice.critical, notice.system, notice.ended) == (True, False, False)
    assert notice.at_ms - (notice.last_contact_ms or 0) == 120_000


def test_an_old_document_lacks_the_newer_fields_and_keeps_its_meaning() -> None:
    notice = read_notice(old_document())
    assert (notice.critical, notice.zone_time, notice.contacts, notice.position) == (True, "UTC", (), None)
    assert notice.text.zh.startswith("一号车")
    assert read_notice(old_document(kind="system")).critical is False
    assert read_notice(old_document(kind="system")).system is True


def test_an_end_is_known_by_its_state() -> None:
    assert read_notice(resolved()).ended
    for state in ("closed", "withdrawn", "merged"):
        assert read_notice(document("alert.x", state=state)).ended
    assert not read_notice(document("alert.acknowledged", state="acknowledged")).ended


def test_a_digest_names_some_and_counts_all() -> None:
    found = read_notice(digest(5, 2)).digest
    assert found is not None
    assert (found.count, found.unnamed, len(found.named)) == (5, 3, 2)
    assert found.named[1].place.zh == "1 号库 · 冷藏间"


def test_what_is_no_alert_is_a_notice_too() -> None:
    notice = read_notice(b'{"type":"ledger.checkpoint","timestamp":"2026-11-22T09:00:00Z","data":{"log":{}}}')
    assert (notice.type, notice.alert, notice.critical) == ("ledger.checkpoint", "", False)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b'{"type":7}', b"\xff", b'{"type":'])
def test_what_is_no_notice_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_notice(body)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.acceptance("T15")
@pytest.mark.soak
@settings(max_examples=rounds(25, 5000), deadline=None, suppress_health_check=FIGURES)
@given(fields=st.dictionaries(st.sampled_from(sorted(FULL)), ODD, max_size=8))
def test_any_value_in_any_field_is_read_or_unknown(fields: dict[str, object], figures: Figures) -> None:
    figures.add(fields=len(fields))
    for kind in ("alert.fired", "alert.digest"):
        body = orjson.dumps({"type": kind, "timestamp": "2026-11-22T09:00:00Z", "data": {**FULL, **fields}})
        notice = read_notice(body)
        assert notice.type == kind
        assert notice.place(Language.EN) is not None

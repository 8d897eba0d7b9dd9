"""The desk over a book in memory: who is told what, once, and what becomes of acts and merges."""

from dataclasses import replace

import orjson

from coldchain.profiles import Level
from coldchain_backend.alerts import (
    AlertKind,
    AlertState,
    Cause,
    Desk,
    End,
    EndKind,
    Subject,
    alert_id_of,
)
from coldchain_backend.alerts.acts import Act, follow_act
from coldchain_backend.fleet import Fleet, FleetVersion
from support.alert_book import Book, desk_on
from support.judged_log import SECOND, T0, plan


def fleet(*receivers: str) -> Fleet:
    """A fleet with these receivers, the first for the system."""
    version = FleetVersion(
        number=1, from_ms=T0, digest="", plan=plan({"s": SECOND}, receivers=receivers), text="", by="admin"
    )
    return Fleet.empty("demo").with_version(version)


def acknowledge(desk: Desk, alert: str, fleet: Fleet, *, by: str = "Li", reason: str = "seen") -> None:
    """The act of a person, as the ledger brings it."""
    fields = {"act": "acknowledge", "alert": alert, "by": by, "reason": reason}
    assert follow_act(desk, Act(number=1, fields=fields, now_ms=T0, fleet=fleet))


def cause(name: str, level: Level = Level.ALARM, kind: AlertKind = AlertKind.EXCURSION) -> Cause:
    return Cause(
        id=name, kind=kind, subject=Subject(asset="store", zone="z", point="p.s", sensor="s"), opened_ms=T0,
        known_ms=T0, reached_ms=T0, level=level, rule="high", value=9.0, limit=8.0, peak=9.0, peak_ms=T0,
    )  # fmt: skip


ENDED = End(kind=EndKind.RESOLVED, event_ms=T0 + SECOND, value=4.0)


def test_the_body_has_names_texts_and_a_link() -> None:
    book = Book()
    desk_on(book, "http://page/").look(cause("c"), T0, fleet("a"))
    [delivery] = book.deliveries.values()
    said = orjson.loads(delivery.body)
    data = said["data"]
    assert (said["type"], said["timestamp"]) == ("alert.fired", "2026-11-22T20:00:00.000Z")
    assert data["asset_name"] == {"en": "Cold store", "zh": "冷库"}
    assert data["zone_name"]["zh"] == "冷藏间"
    assert (data["value_c"], data["limit_c"], data["level"], data["state"]) == (9.0, 8.0, "alarm", "firing")
    assert data["link"] == f"http://page/alerts/{alert_id_of('c')}"
    assert "Cold store · Chiller · s" in data["text"]["en"]


def test_receivers_that_come_later_hear_the_next_fire_and_not_the_end_of_this_one() -> None:
    book = Book()
    desk = desk_on(book)
    desk.look(cause("c"), T0, fleet("a"))
    desk.look(replace(cause("c"), end=ENDED), T0, fleet("a", "b"))
    desk.look(cause("d"), T0, fleet("a", "b"))
    assert book.told() == [
        ("a", "alert.fired"), ("a", "alert.resolved"), ("a", "alert.fired"), ("b", "alert.fired"),
    ]  # fmt: skip


def test_a_receiver_that_left_is_still_owed_the_end() -> None:
    book = Book()
    desk = desk_on(book)
    desk.look(cause("c"), T0, fleet("a", "b"))
    desk.look(replace(cause("c"), end=ENDED), T0, fleet("a"))
    assert ("b", "alert.resolved") in book.told()


def test_on_a_merge_receivers_hear_where_it_continues_and_get_the_end_of_that() -> None:
    book = Book()
    desk = desk_on(book)
    desk.look(cause("first", Level.WARNING), T0, fleet("a"))
    acknowledge(desk, alert_id_of("first"), fleet("a"))
    desk.look(cause("second"), T0, fleet("a"))
    desk.merge(cause("second"), "first", T0, fleet("a"))
    desk.merge(cause("second"), "first", T0, fleet("a"))
    survivor = book.alerts[alert_id_of("first")]
    assert (survivor.state, survivor.acknowledged) == (AlertState.FIRING, None)
    assert book.alerts[alert_id_of("second")].state is AlertState.MERGED
    desk.look(replace(cause("first", Level.WARNING), end=ENDED), T0, fleet("a"))
    assert [kind for _, kind in book.told()] == ["alert.fired", "alert.merged", "alert.resolved"]
    [merged] = [one for one in book.deliveries.values() if b"alert.merged" in one.body]
    assert orjson.loads(merged.body)["data"]["by"] == alert_id_of("first")


def test_a_merge_of_what_was_never_told_is_silent() -> None:
    book = Book()
    desk_on(book).merge(cause("second"), "first", T0, fleet("a"))
    assert (book.alerts, book.deliveries) == ({}, {})


def test_acknowledging_a_system_alert_ends_it() -> None:
    book = Book()
    desk = desk_on(book)
    desk.look(cause("c", kind=AlertKind.SYSTEM), T0, fleet("admin", "a"))
    acknowledge(desk, alert_id_of("c"), fleet("admin", "a"), reason="card replaced")
    assert book.alerts[alert_id_of("c")].state is AlertState.CLOSED
    assert book.told() == [
        ("admin", "alert.fired"), ("admin", "alert.acknowledged"), ("admin", "alert.closed"),
    ]  # fmt: skip
    acknowledge(desk, "al_none", fleet("a"))
    assert len(book.alerts) == 1


def test_ids_of_deliveries_follow_from_their_causes() -> None:
    one, other = Book(), Book()
    for book in (one, other):
        desk_on(book).look(cause("c"), T0, fleet("a", "b"))
    assert list(one.deliveries) == list(other.deliveries)
    assert len(one.deliveries) == 2

"""`status` says in words and figures how the server stands."""

from coldchain_backend.cli.status import lines, size

ANSWER: dict[str, object] = {
    "organisation": "demo", "records": 12, "lag_records": 0, "lag_ms": 1_500, "points": 3, "sensors": 4,
    "gateways": 1, "unjudged": {"unknown_sensor": 7}, "ledger_bytes": 64_000_000, "database_bytes": 999,
    "series_bytes": 12_000_000,
    "other_bytes": 0, "disk_total": 10**11, "disk_free": 25 * 10**9, "bytes_per_day": 125_000_000.0,
    "days_until_full": 200.0, "grows": {"ledger": 3_000_000.0, "series": 200_000.0},
}  # fmt: skip


def test_everything_is_told() -> None:
    text = "\n".join(lines(ANSWER))
    for words in (
        "demo",
        "1.5 s ago",
        "7 unknown_sensor",
        "64 MB, 3 MB a day",
        "12 MB, 200 kB a day",
        "75 % used",
        "125 MB a day",
        "in 200 days",
    ):
        assert words in text


def test_a_part_that_is_not_well_is_told_with_its_reason() -> None:
    held = {"courier": "nothing is delivered until a person says that the old backend is off"}
    assert lines({**ANSWER, "not_well": held})[-1] == f"  NOT WELL: courier       {held['courier']}"
    assert not any("NOT WELL" in line for line in lines({**ANSWER, "not_well": {}}))


def test_what_is_not_known_yet_is_said() -> None:
    text = "\n".join(lines({**ANSWER, "grows": {}, "bytes_per_day": None, "days_until_full": None}))
    assert "not known yet" in text
    assert "not in sight" in text


def test_sizes_have_one_to_three_digits() -> None:
    assert [size(count) for count in (0, 999, 1_000, 2_500_000, 5 * 10**15)] == [
        "0 B", "999 B", "1 kB", "2.5 MB", "5e+03 TB",
    ]  # fmt: skip


def test_a_disk_that_tells_no_size_is_no_crash() -> None:
    text = "\n".join(lines({**ANSWER, "disk_total": 0, "disk_free": 0}))
    assert "0 B of 0 B free\n" in text

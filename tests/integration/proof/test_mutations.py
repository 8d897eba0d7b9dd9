"""Whatever single thing of an archive is changed, the stranger's script refuses it.

Nobody's change passes the manifest. Where the backend itself signs the changed file, its gateways' seals and
the verdicts computed anew still speak against it.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from coldchain.profiles import Mode, Profile, Reset, Rule, Side, Thermal
from coldchain_backend.fleet import Certificate, Correction, Plan
from coldchain_backend.ledger import Json, act_record
from support.evidence import BACKEND, EvidenceLog, resigned, script, unpacked
from support.judged_log import HOUR, MINUTE, T0, plan, profile
from support.soak import rounds

STRANGER = script()
Path_ = tuple[str | int, ...]


def every_kind() -> Profile:
    """A profile with a rule of each mode, corrected values, guard bands and a drift."""
    high, low = profile(alarm_after_ms=20 * MINUTE).rules
    usual: Rule = replace(high, warning_after_ms=0, alarm_after_ms=0)
    more = (
        replace(
            usual, name="sum", threshold=9.0, mode=Mode.CUMULATIVE, reset=Reset.WINDOW, window_ms=24 * HOUR,
            alarm_after_ms=2 * HOUR,
        ),
        replace(usual, name="mean", threshold=4.6, mode=Mode.MKT, window_ms=2 * HOUR),
        replace(usual, name="rise", threshold=9.0, mode=Mode.RATE, window_ms=30 * MINUTE, side=Side.HIGH),
    )  # fmt: skip
    return replace(
        profile(), rules=(high, low, *more), corrected=True, indeterminate=True,
        thermal=Thermal(ambient_high=20.0, ambient_low=-10.0, time_constant_ms=5 * HOUR),
    )  # fmt: skip


def calibrated(limits: Profile) -> Plan:
    known = Certificate(
        number="K-1", date="2026-01-01", due="2027-01-01", uncertainty=0.1,
        corrections=(Correction(at=0.0, add=0.2), Correction(at=10.0, add=-0.4)),
    )  # fmt: skip
    made = plan({"a": MINUTE, "b": MINUTE}, limits=limits)
    return replace(made, sensors=tuple(replace(one, certificate=known) for one in made.sensors))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Seven hours, unpacked: warm in the fourth; ten batches late, a hole, maintenance said afterwards."""
    log = EvidenceLog(tmp_path_factory.mktemp("log"))
    log.live(step_ms=2 * MINUTE, what=calibrated(every_kind()))
    said: dict[str, Json] = {"zone": "z", "state": "maintenance", "reason": "defrost", "from": T0 + 5 * HOUR}
    log.put(act_record("zone_state", "陈静", {**said, "to": T0 + 6 * HOUR}))
    yield unpacked(log.archive(tmp_path_factory.mktemp("archive")), tmp_path_factory.mktemp("evidence"))
    log.close()


def refused(folder: Path) -> str:
    """Why the script refuses a folder; empty where it does not."""
    with contextlib.redirect_stdout(StringIO()):
        try:
            STRANGER.verify(folder, set(), None)
        except Exception as error:  # noqa: BLE001 - the script itself refuses whatever it cannot read
            return str(error) or repr(error)
    return ""


def leaves(value: object, path: Path_ = ()) -> Iterator[Path_]:
    """The places of all plain values of a document."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, (*path, name))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from leaves(one, (*path, index))
    else:
        yield path


def mutated(value: object) -> object:
    """Another value of the same kind."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, str):
        return value[:-1] + chr(ord(value[-1]) ^ 1) if value else "x"
    assert isinstance(value, int | float)
    return value + 1


def change(path: Path, place: Path_, to: Callable[[object], object] = mutated) -> None:
    document = json.loads(path.read_bytes())
    holder = document
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = to(holder[place[-1]])
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")


@contextlib.contextmanager
def kept(path: Path) -> Iterator[None]:
    """What is done to a file is undone."""
    manifest, content = path.parent / "manifest.json", path.read_bytes()
    if not manifest.exists():
        manifest = path.parent.parent / "manifest.json"
    before = manifest.read_bytes()
    yield
    path.write_bytes(content)
    manifest.write_bytes(before)


def test_as_it_is_nothing_is_refused_and_every_kind_of_rule_is_claimed(whole: Path) -> None:
    assert refused(whole) == ""
    judged = json.loads((whole / "judged.json").read_bytes())
    assert {reason[0] for part in judged["parts"] for reason in part["claimed"]["reasons"]} >= {
        "mean_too_warm", "too_fast", "limit_broken", "within_delay",
    }  # fmt: skip
    (earlier,) = json.loads((whole / "verdicts.json").read_bytes())[-1:]
    assert [cause["what"] for cause in judged["because"]] == ["zone_state"]
    assert earlier["as_of"] < judged["as_of"]
    assert {len(one["parts"]) for one in (earlier, judged)} == {2, 4}


@pytest.mark.soak
def test_one_changed_byte_of_any_file_is_refused(whole: Path) -> None:
    dice = random.Random("bytes")
    for path in sorted(one for one in whole.rglob("*") if one.is_file()):
        for _ in range(rounds(2, 60)):
            with kept(path):
                content = bytearray(path.read_bytes())
                where = dice.randrange(len(content))
                content[where] ^= 1 << dice.randrange(7)
                path.write_bytes(content)
                changed = path.name != "manifest.json" or _means_else(content, whole)
                assert refused(whole) or not changed, (path.name, where)


def _means_else(content: bytearray, whole: Path) -> bool:
    """Whether a changed manifest says something else: a blank for another one says the same."""
    try:
        said = json.loads(bytes(content))
    except ValueError:
        return True
    with kept(whole / "manifest.json"):
        return bool(said != _manifest(whole))


def _manifest(whole: Path) -> object:
    return _MANIFESTS.setdefault(whole, json.loads((whole / "manifest.json").read_bytes()))


_MANIFESTS: dict[Path, object] = {}


@pytest.mark.soak
def test_every_field_of_the_manifest_is_vouched_for(whole: Path) -> None:
    path = whole / "manifest.json"
    for place in leaves(json.loads(path.read_bytes())):
        with kept(path):
            change(path, place)
            assert refused(whole), place


@pytest.mark.soak
def test_who_has_the_backends_key_still_cannot_change_what_is_claimed(whole: Path) -> None:
    dice = random.Random("claims")
    for name in ("judged.json", "verdicts.json"):
        path = whole / name
        places = [
            place
            for place in leaves(json.loads(path.read_bytes()))
            if "claimed" in place or place[-1] == "outcome"
        ]
        for place in dice.sample(places, min(len(places), rounds(6, 10_000))):
            with kept(path):
                change(path, place)
                resigned(whole, BACKEND)
                assert refused(whole), (name, place)


LIMITS: dict[tuple[str, ...], object] = {
    ("profile", "rules", "0", "threshold"): 3.0,
    ("profile", "rules", "0", "alarm_after_ms"): 90 * MINUTE,
    ("profile", "more_rules", "1", "threshold"): 40.0,
    ("profile", "more_rules", "2", "threshold"): 400.0,
    ("profile", "more_rules", "2", "window_ms"): 6 * HOUR,
    ("profile", "gap_floor_ms"): 1,
    ("profile", "weighting"): "trapezoid",
    ("profile", "corrected"): False,
    ("profile", "activation_kj_mol"): 60.0,
    ("certificates", "0", "uncertainty"): 2.0,
    ("certificates", "0", "points", "1", "1"): -0.5,
    ("certificates", "0", "from_ms"): T0 + HOUR,
    ("interval_ms",): 1000,
    ("from_ms",): T0 + HOUR,
    ("to_ms",): T0 + 2 * HOUR,
    ("quantity",): "humidity",
    ("sensor",): "a",
}


@pytest.mark.parametrize("place", LIMITS, ids="/".join)
def test_a_limit_or_correction_that_decides_is_refused_with_the_backends_signature(
    whole: Path, place: tuple[str, ...]
) -> None:
    """Of the warm sensor: the figures that are claimed do not follow from the changed limit."""
    path = whole / "judged.json"
    parts = json.loads(path.read_bytes())["parts"]
    index = next(number for number, part in enumerate(parts) if part["sensor"] == "b")
    steps = tuple(int(step) if step.isdigit() else step for step in place)
    with kept(path):
        change(path, ("parts", index, *steps), lambda _: LIMITS[place])
        resigned(whole, BACKEND)
        assert refused(whole)


@pytest.mark.parametrize(
    ("column", "to"),
    [("hash", "0" * 64), ("key", "0" * 32), ("run", "run-2"), ("seq", "9999"), ("record", "99999999"),
     ("received_ms", "0")],
)  # fmt: skip
def test_when_a_batch_came_cannot_be_changed(whole: Path, column: str, to: str) -> None:
    path = whole / "received.csv"
    head, *rows = path.read_text("utf-8").splitlines()
    where = head.split(",").index(column)
    cells = rows[60].split(",")
    cells[where] = to
    with kept(path):
        path.write_text("\n".join([head, *rows[:60], ",".join(cells), *rows[61:]]) + "\n", "utf-8")
        resigned(whole, BACKEND)
        assert refused(whole)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"temperature=9.5", b"temperature=4.5"), (b"sensor=b", b"sensor=c"), (b" seq=60 ", b" seq=61 ")],
)
def test_what_a_gateway_sealed_cannot_be_changed(whole: Path, old: bytes, new: bytes) -> None:
    (path,) = (whole / "batches").iterdir()
    with kept(path):
        content = path.read_bytes()
        assert old in content
        path.write_bytes(content.replace(old, new, 1))
        resigned(whole, BACKEND)
        assert refused(whole)


def test_a_file_that_nobody_vouches_for_is_refused(whole: Path, tmp_path: Path) -> None:
    made = Path(shutil.make_archive(str(tmp_path / "whole"), "zip", whole))
    assert "other files" not in refused(made)
    copy = tmp_path / "copy"
    shutil.copytree(whole, copy)
    (copy / "report2.html").write_text("all is well", "utf-8")
    assert "other files" in refused(Path(shutil.make_archive(str(tmp_path / "more"), "zip", copy)))

"""An archive proves itself to a stranger's bare Python, and nothing that was touched is believed."""

import base64
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain.seal import Batch, Key, fingerprint, read_batches, seal
from coldchain_backend.fleet import fleet_record
from coldchain_backend.ledger import Checkpoint, Head, Json, Kind, NewRecord, act_record, make_statement
from support.evidence import BACKEND, EvidenceLog, resigned, stranger, unpacked
from support.judged_log import HOUR, MINUTE, ORGANISATION, T0, plan, profile

FORGER = Key.from_seed(b"f" * 32)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvidenceLog]:
    log = EvidenceLog(tmp_path_factory.mktemp("log"))
    log.live()
    yield log
    log.close()


@pytest.fixture(scope="module")
def archive(log: EvidenceLog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return log.archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture
def folder(archive: Path, tmp_path: Path) -> Path:
    return unpacked(archive, tmp_path / "evidence")


def test_the_verdict_is_computed_again(log: EvidenceLog, folder: Path) -> None:
    done = stranger(folder)
    assert done.returncode == 0, done.stderr
    assert "p.b b temperature" in done.stdout
    assert "non_conform limit_broken high" in done.stdout
    assert re.search(r"verdict as of record \d+: non_conform", done.stdout)
    assert f"keys not confirmed: compare {log.voice.key.fingerprint}" in done.stdout


def test_it_works_on_the_archive_itself_and_with_the_fingerprint(
    log: EvidenceLog, archive: Path, folder: Path
) -> None:
    done = stranger(folder, str(archive), "--fingerprint", log.voice.key.fingerprint)
    assert done.returncode == 0, done.stderr
    assert "consistent; keys confirmed\n" in done.stdout
    assert f"signed by the backend's key {BACKEND.fingerprint}, not confirmed" in done.stdout
    keys = ("--fingerprint", log.voice.key.fingerprint, "--fingerprint", BACKEND.fingerprint)
    assert stranger(folder, *keys).stdout.endswith("consistent; keys confirmed\n")


def test_the_archive_holds_what_a_regulator_asks_for(folder: Path) -> None:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {
        "manifest.json", "judged.json", "keys.json", "received.csv", "cadence.json", "excursions.json",
        "alerts.json", "configuration.json", "verdicts.json", "gaps-in-numbers.json", "report.html",
        "verify.py",
    } <= names  # fmt: skip
    gaps = json.loads((folder / "gaps-in-numbers.json").read_bytes())
    assert [hole[1:] for hole in gaps["holes"]] == [["run-1", 41, 41, "not declared"]]
    configuration = json.loads((folder / "configuration.json").read_bytes())
    assert configuration["versions"][0]["by"] == "王伟"
    judged = json.loads((folder / "judged.json").read_bytes())
    assert (judged["outcome"], {part["point"] for part in judged["parts"]}) == ("non_conform", {"p.a", "p.b"})
    (excursion,) = json.loads((folder / "excursions.json").read_bytes())
    assert (excursion["point"], excursion["peak"]) == ("p.b", 9.5)
    days = json.loads((folder / "cadence.json").read_bytes())
    assert {day["proved"] for day in days} == {True}


def changed(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def batches_file(folder: Path) -> Path:
    (path,) = (folder / "batches").iterdir()
    return path


def test_one_changed_value_is_refused(folder: Path) -> None:
    changed(batches_file(folder), b"temperature=9.5", b"temperature=4.5")
    done = stranger(folder)
    assert done.returncode == 1
    assert "REFUSED: batches/" in done.stderr


def test_one_changed_value_is_refused_even_if_the_backend_signs_it(folder: Path) -> None:
    changed(batches_file(folder), b"temperature=9.5", b"temperature=4.5")
    resigned(folder, BACKEND)
    done = stranger(folder)
    assert done.returncode == 1
    assert "its hash does not hold" in done.stderr


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("judged.json", b'"threshold": 8.0', b'"threshold": 9.9'),
        ("judged.json", b'"outcome": "non_conform"', b'"outcome": "conform"'),
        ("received.csv", b",sealed", b",revoked"),
        ("report.html", b"9.5", b"4.5"),
    ],
)
def test_any_other_file_is_vouched_for_by_the_backend(
    folder: Path, name: str, old: bytes, new: bytes
) -> None:
    changed(folder / name, old, new)
    done = stranger(folder)
    assert done.returncode == 1
    assert f"{name} is not the file that was put into the archive" in done.stderr


def test_a_claim_that_the_lines_do_not_bear_out_is_refused(folder: Path) -> None:
    changed(folder / "judged.json", b'"limit_broken"', b'"within_delay"')
    resigned(folder, BACKEND)
    done = stranger(folder)
    assert done.returncode == 1
    assert "the lines give" in done.stderr


def forged(folder: Path) -> None:
    """Everything sealed anew by keys of the forger's own, with a better temperature: consistent in itself."""
    path, prev, parts, hashes = batches_file(folder), None, [], {}
    for batch in read_batches(path.read_bytes()):
        body = batch.body.replace(b"temperature=9.5", b"temperature=4.5")  # type: ignore[union-attr]
        prev = prev or batch.prev  # type: ignore[union-attr]
        one = seal(FORGER, org=ORGANISATION, run="run-1", seq=batch.seq, prev=prev, body=body)  # type: ignore[union-attr]
        prev = hashes[batch.hash] = one.hash  # type: ignore[union-attr]
        parts.append(one.encode())
    path.write_bytes(b"".join(parts))
    keys = json.loads((folder / "keys.json").read_bytes())
    old = keys[0]["fingerprint"]
    keys[0].update(public=base64.b64encode(FORGER.public).decode(), fingerprint=fingerprint(FORGER.public))
    (folder / "keys.json").write_text(json.dumps(keys), encoding="utf-8")
    received = (folder / "received.csv").read_text("utf-8").replace(old, FORGER.fingerprint)
    for was, now in hashes.items():
        received = received.replace(was, now)
    (folder / "received.csv").write_text(received, encoding="utf-8")
    bettered(folder / "judged.json")
    bettered(folder / "verdicts.json")
    resigned(folder, FORGER)


def bettered(path: Path) -> None:
    """The same claims as if the highest had been 4.5."""
    told = json.loads(path.read_bytes())
    for one in told if isinstance(told, list) else [told]:
        one["outcome"] = "conform"
        for part in one["parts"]:
            claimed = part["claimed"]
            nothing = dict.fromkeys(claimed["out_ms"], 0)
            claimed.update(outcome="conform", reasons=[], out_ms=nothing, excursions=[])
            if part["sensor"] == "b":
                claimed.update(highest=4.5, mean=4.077, mkt=4.079)
    path.write_text(json.dumps(told), "utf-8")


def test_forged_keys_are_refused_once_the_right_fingerprint_is_given(log: EvidenceLog, folder: Path) -> None:
    forged(folder)
    believed = stranger(folder)
    assert believed.returncode == 0, believed.stderr
    assert "keys not confirmed" in believed.stdout
    done = stranger(folder, "--fingerprint", log.voice.key.fingerprint)
    assert done.returncode == 1
    assert "sealed by a key that was not given" in done.stderr


def test_a_removed_batch_is_refused(folder: Path) -> None:
    path = batches_file(folder)
    batches = list(read_batches(path.read_bytes()))
    path.write_bytes(b"".join(one.encode() for one in batches[:50] + batches[51:]))  # type: ignore[union-attr]
    assert stranger(folder).returncode == 1
    resigned(folder, BACKEND)
    assert "other batches than received.csv names" in stranger(folder).stderr


def test_a_checkpoint_that_left_the_house_confirms_the_keys(log: EvidenceLog, folder: Path) -> None:
    last = list(read_batches(batches_file(folder).read_bytes()))[-1]
    assert isinstance(last, Batch)
    key = log.voice.key.fingerprint
    head = Head(gateway="gw", key=key, run="run-1", seq=last.seq, held=40, hash=last.hash)
    at = Checkpoint(organisation=ORGANISATION, offset=1, hash="0" * 64, at_ms=1)
    path = folder.parent / "checkpoint.json"
    path.write_bytes(make_statement(BACKEND, at, [head]).encode())
    done = stranger(folder, "--checkpoint", str(path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("consistent; keys confirmed\n")
    path.write_bytes(make_statement(BACKEND, at, [replace(head, hash="1" * 64)]).encode())
    assert "is not the one of the checkpoint" in stranger(folder, "--checkpoint", str(path)).stderr
    path.write_bytes(make_statement(FORGER, at, [head]).encode())
    assert "not signed by the backend of this archive" in stranger(folder, "--checkpoint", str(path)).stderr


@pytest.fixture(scope="module")
def after_theft(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EvidenceLog, Path]]:
    """The gateway was stolen before the warm hour, as is found out afterwards."""
    log = EvidenceLog(tmp_path_factory.mktemp("stolen"))
    log.live(step_ms=5 * MINUTE)
    stolen: dict[str, Json] = {"gateway": "gw", "key": log.voice.key.fingerprint, "reason": "stolen"}
    log.put(act_record("revoke", "陈静", {**stolen, "from_ms": T0 + 3 * HOUR}))
    made = log.archive(tmp_path_factory.mktemp("archive"))
    yield log, unpacked(made, tmp_path_factory.mktemp("folder"))
    log.close()


def test_a_key_revoked_from_an_earlier_instant_is_shown_and_computed_before_and_after(
    after_theft: tuple[EvidenceLog, Path],
) -> None:
    log, folder = after_theft
    done = stranger(folder)
    assert done.returncode == 0, done.stderr
    key = log.voice.key.fingerprint
    assert f"key {key}: revoked from 2026-11-22T23:00:00Z on by record {log.ledger.end}" in done.stdout
    told = re.findall(r"verdict as of record (\d+): (\w+)", done.stdout)
    assert told[-2:] == [(told[-2][0], "non_conform"), (str(log.ledger.end), "not_demonstrable")]
    judged = json.loads((folder / "judged.json").read_bytes())
    [cause] = judged["because"]
    assert (cause["what"], cause["by"], cause["key"]) == ("revoke", "陈静", key)
    _, *rows = (folder / "received.csv").read_text("utf-8").splitlines()
    grades = {row.rsplit(",", 1)[1] for row in rows}
    assert grades == {"sealed", "revoked"}


def test_a_revocation_that_is_hidden_from_the_keys_is_refused(
    after_theft: tuple[EvidenceLog, Path], tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(after_theft[1], copy)
    keys = json.loads((copy / "keys.json").read_bytes())
    keys[0]["revoked"] = []
    (copy / "keys.json").write_text(json.dumps(keys), "utf-8")
    resigned(copy, BACKEND)
    assert "the lines give outcome" in stranger(copy).stderr


def test_a_fleet_that_is_valid_from_long_ago_is_no_reason_to_refuse(tmp_path: Path) -> None:
    """A limit that is irreversible looks back to where the sensor's time there begins, however long ago."""
    log, limits = EvidenceLog(tmp_path / "log"), profile()
    limits = replace(limits, rules=tuple(replace(one, irreversible=True) for one in limits.rules))
    log.live(hours=1, step_ms=5 * MINUTE)
    what = plan({"a": 5 * MINUTE, "b": 5 * MINUTE}, limits=limits)
    payload = fleet_record(plan=what, text="", by="王伟", reason=None, base=1, from_ms=0)
    log.put(NewRecord(kind=Kind.FLEET, payload=payload))
    path = log.archive(tmp_path, to_ms=T0 + HOUR)
    log.close()
    folder = unpacked(path, tmp_path / "evidence")
    judged = json.loads((folder / "judged.json").read_bytes())
    assert {part["lead_ms"] for part in judged["parts"]} == {0}
    done = stranger(folder)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_script_can_be_read_in_one_sitting(folder: Path) -> None:
    lines = (folder / "verify.py").read_text("utf-8").splitlines()
    assert len(lines) <= 400
    assert max(map(len, lines)) <= 120

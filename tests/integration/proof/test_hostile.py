"""What a hostile expert hands in as evidence is refused by name, at once, whoever signed it.

The forger has keys of his own, or even the backend's: his manifest is in order, so only the contents speak.
"""

from __future__ import annotations

import json
import re
import time
import warnings
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from shutil import copytree

import pytest

from coldchain.seal import Batch, Key, fingerprint, read_batches, seal, sign_document
from support.evidence import BACKEND, EvidenceLog, resigned, script, stranger, unpacked
from support.judged_log import HOUR, MINUTE, ORGANISATION

FORGER = Key.from_seed(b"f" * 32)
STRANGER = script()
AT_ONCE_S = 20
Change = Callable[[Path], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EvidenceLog, Path]]:
    """An archive of two hours, one batch of which never came."""
    log = EvidenceLog(tmp_path_factory.mktemp("log"))
    log.live(hours=4, step_ms=2 * MINUTE)
    folder = tmp_path_factory.mktemp("archive")
    yield log, log.archive(folder, to_ms=log.clock.wall_ms - HOUR)
    log.close()


@pytest.fixture
def folder(made: tuple[EvidenceLog, Path], tmp_path: Path) -> Path:
    return unpacked(made[1], tmp_path / "evidence")


def told(path: Path, *given: str) -> str:
    """What the script says of an archive: its lines, or why it refuses."""
    said, STRANGER.Archive.now = StringIO(), "the archive"
    with redirect_stdout(said):
        try:
            STRANGER.verify(path, set(given), None)
        except STRANGER.Refused as refused:
            return f"REFUSED: {refused}"
        except Exception as error:  # noqa: BLE001 - the script itself names whatever it cannot read
            return f"REFUSED: {STRANGER.Archive.now} cannot be read: {error!r}"
    return said.getvalue()


def batches_file(folder: Path) -> Path:
    (path,) = (folder / "batches").iterdir()
    return path


def batches_of(folder: Path) -> list[Batch]:
    found = list(read_batches(batches_file(folder).read_bytes()))
    return [one for one in found if isinstance(one, Batch)]


def edited(folder: Path, name: str, change: Callable[[dict[str, object]], object]) -> None:
    """A document changed in place, or taken for what `change` returns."""
    path = folder / name
    document = json.loads(path.read_bytes())
    after = change(document)
    path.write_text(json.dumps(document if after is None else after), "utf-8")


def part(**fields: object) -> Change:
    """Fields of the first part of the present verdict, set to others; the backend signs."""

    def change(folder: Path) -> None:
        edited(folder, "judged.json", lambda judged: judged["parts"][0].update(fields))  # type: ignore[index]
        resigned(folder, BACKEND)

    return change


def profile(**fields: object) -> Change:
    """The same of the first part's profile."""

    def change(folder: Path) -> None:
        edited(folder, "judged.json", lambda judged: judged["parts"][0]["profile"].update(fields))  # type: ignore[index]
        resigned(folder, BACKEND)

    return change


def written(name: str, text: str) -> Change:
    """A file with other contents; the backend signs."""

    def change(folder: Path) -> None:
        (folder / name).write_text(text, "utf-8")
        resigned(folder, BACKEND)

    return change


def named(name: str) -> Change:
    """A manifest that names one file more, signed by the forger."""

    def change(folder: Path) -> None:
        manifest = folder / "manifest.json"
        fields = json.loads(manifest.read_bytes())
        fields["files"][name] = "0" * 64
        manifest.write_text(json.dumps(fields), "utf-8")
        _signed(folder, FORGER)

    return change


def _signed(folder: Path, key: Key) -> None:
    """The manifest as it stands, signed; hashes are left as they are."""
    path = folder / "manifest.json"
    fields = json.loads(path.read_bytes())
    fields.pop("signature", None)
    fields["backend_key"] = b64encode(key.public).decode()
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    fields["signature"] = sign_document(key, "evidence", text)
    path.write_text(json.dumps(fields), "utf-8")


def received(folder: Path, change: Callable[[list[list[str]]], Sequence[list[str]]]) -> None:
    """Other rows of when each batch came."""
    path = folder / "received.csv"
    head, *rows = [line.split(",") for line in path.read_text("utf-8").splitlines()]
    path.write_text("".join(",".join(row) + "\n" for row in [head, *change(rows)]), "utf-8")


def left_out(folder: Path, number: int) -> None:
    """One batch taken away, and its row: who has the backend's key hides it."""
    kept = [one for one in batches_of(folder) if one.seq != number]
    batches_file(folder).write_bytes(b"".join(one.encode() for one in kept))
    received(folder, lambda rows: [row for row in rows if row[3] != str(number)])


def test_the_hole_that_there_is_is_told(folder: Path) -> None:
    said = told(folder)
    assert re.search(r"missing: batches run-1 41 to 41 of [0-9a-f]{32}: not declared\n", said)
    assert "consistent" in said


def test_a_batch_left_out_by_who_has_the_backends_key_is_refused(folder: Path) -> None:
    left_out(folder, 60)
    resigned(folder, BACKEND)
    assert re.search(
        "^REFUSED: batches run-1 60 to 60 of .* are left out and not named as missing$", told(folder)
    )


def test_a_batch_left_out_and_named_as_missing_is_told(folder: Path) -> None:
    """Even where all claims are made to fit, the number stands on the screen."""
    left_out(folder, 30)
    edited(folder, "gaps-in-numbers.json", lambda gaps: gaps["holes"].append(["gw", "run-1", 30, 30, "cap"]))  # type: ignore[attr-defined]
    resigned(folder, BACKEND)
    refused = told(folder)
    assert re.search("^REFUSED: p.a .*the lines give mean", refused)
    fitting = {
        name: float(value) for name, value in re.findall(r"(mean|mkt) ([0-9.]+), the archive", refused)
    }
    edited(folder, "judged.json", lambda judged: judged["parts"][0]["claimed"].update(fitting))  # type: ignore[index]
    resigned(folder, BACKEND)
    assert re.search(r"missing: batches run-1 30 to 30 of [0-9a-f]{32}: cap\n(.*\n)*consistent", told(folder))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda rows: [[*rows[0][:5], "9999999999999", *rows[0][6:]], *rows[1:]], "stamps fall"),
        (lambda rows: [*rows[:-1], [*rows[-1][:4], "99999999", *rows[-1][5:]]], "behind that of the verdict"),
        (lambda rows: [row[:6] for row in rows], "received.csv cannot be read"),
        (lambda rows: [[*rows[0][:4], "9" * 5000, *rows[0][5:]], *rows[1:]], "received.csv cannot be read"),
        (lambda rows: rows[:-1], "other batches than received.csv names"),
        (lambda rows: [*rows, ["0" * 64, *rows[0][1:]]], "other batches than received.csv names"),
    ],
)  # fmt: skip
def test_when_batches_came_cannot_be_made_up(
    folder: Path, change: Callable[[list[list[str]]], list[list[str]]], why: str
) -> None:
    received(folder, change)
    resigned(folder, BACKEND)
    assert re.search(f"^REFUSED: .*{re.escape(why)}", told(folder))


def test_readings_that_are_declared_too_early_are_counted(folder: Path) -> None:
    """Who dates receipts back makes readings lie ahead of them: they are told, and the claims are wrong."""
    received(folder, lambda rows: [[*row[:5], "0", *row[6:]] if int(row[3]) <= 20 else row for row in rows])
    resigned(folder, BACKEND)
    found = stranger(folder)
    assert re.search(
        r"^[1-9]\d* readings lie more than 10 min ahead of when they were received", found.stdout, re.M
    )
    assert re.search("REFUSED: .*the lines give", found.stderr)


ODD: dict[str, tuple[Change, str]] = {
    "time without end": (part(to_ms=10**18), "too long a time"),
    "time of any length": (part(until_ms=10**400), "too long a time"),
    "time from the beginning": (part(from_ms=-(10**15)), "too long a time"),
    "infinite time": (part(to_ms=float("inf")), "too long a time"),
    "time that is no number": (part(to_ms=float("nan")), "p.a a .* cannot be read: ValueError"),
    "readings for every millisecond": (profile(gap_floor_ms=0, gap_factor=1e-9), "too long a time"),
    "no interval": (part(interval_ms=None), "p.a a .* cannot be read: TypeError"),
    "zone that is a path": (part(time_zone="../../etc/passwd"), "cannot be read: ValueError"),
    "zone that there is not": (part(time_zone="Mars/Base"), "cannot be read: ZoneInfoNotFoundError"),
    "other time": (part(from_ms=0, lead_ms=1), "the lines give|too long"),
    "other grades": (part(grades=["none"] * 9), "the lines give"),
    "other profile": (profile(grades=[]), "the lines give"),
    "a certificate made up": (
        part(certificates=[{"from_ms": 0, "due_ms": 2**60, "uncertainty": 0.5, "points": []}]),
        "the lines give uncertainty",
    ),
    "rules that are none": (profile(rules=[{}]), "cannot be read: KeyError"),
    "heat that bursts": (profile(activation_kj_mol=1e300), "cannot be read: OverflowError"),
    "deep document": (written("judged.json", "[" * 200_000), "judged.json cannot be read: "),
    "number of 5 000 digits": (written("judged.json", "1" * 5000), "judged.json cannot be read: "),
    "no document": (written("keys.json", "no"), "keys.json cannot be read: "),
    "empty verdict": (written("judged.json", "{}"), "cannot be read: KeyError"),
    "a list where a verdict is": (written("verdicts.json", "7"), "cannot be read: TypeError"),
    "no keys": (written("keys.json", "[]"), "cannot be read: KeyError"),
    "no gaps": (written("gaps-in-numbers.json", "{}"), "gaps-in-numbers.json cannot be read: KeyError"),
    "file outside": (named("../../../etc/passwd"), "'../../../etc/passwd' is no file of an archive"),
    "device": (named("/dev/zero"), "'/dev/zero' is no file of an archive"),
    "name with a line": (named("batches/x\n.cc1"), "is no file of an archive"),
    "file that is not there": (named("batches/999.cc1"), "'batches/999.cc1' is no file of an archive"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_documents_are_refused_by_name_and_at_once(folder: Path, name: str) -> None:
    change, why = ODD[name]
    change(folder)
    began = time.process_time()
    said = told(folder)
    assert re.search(f"^REFUSED: .*(?:{why})", said), said
    assert time.process_time() - began < AT_ONCE_S


def test_a_link_to_a_device_is_no_file(folder: Path) -> None:
    (folder / "report.html").unlink()
    (folder / "report.html").symlink_to("/dev/zero")
    assert told(folder) == "REFUSED: 'report.html' is no file of an archive"


@contextmanager
def zipped(folder: Path, path: Path) -> Iterator[zipfile.ZipFile]:
    """The folder as an archive, to which something may be added."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # two entries of one name
        for one in sorted(folder.rglob("*")):
            if one.is_file():
                archive.write(one, one.relative_to(folder).as_posix())
        yield archive


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("judged.json", b"{}"),  # a second one of its name
        ("manifest.json", None),  # the very same once more
        ("../../verify.py", b"evil"),
        ("/etc/passwd", b"evil"),
        ("batches/more.cc1", b""),
        ("report.html\0.exe", b"evil"),
    ],
)
def test_an_archive_with_anything_more_is_refused(folder: Path, name: str, content: bytes | None) -> None:
    path = folder.parent / "more.zip"
    with zipped(folder, path) as archive:
        archive.writestr(name, (folder / name).read_bytes() if content is None else content)
    assert told(path) == "REFUSED: the archive holds other files than its manifest names"


def test_swapped_files_are_refused(folder: Path) -> None:
    one, other = folder / "cadence.json", folder / "configuration.json"
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    path = folder.parent / "swapped.zip"
    with zipped(folder, path):
        pass
    assert told(path) == "REFUSED: cadence.json is not the file that was put into the archive"


def test_a_bomb_is_refused_before_it_is_unpacked(folder: Path) -> None:
    (folder / "judged.json").write_bytes(b" " * 70_000_000)
    path = folder.parent / "bomb.zip"
    with zipped(folder, path):
        pass
    assert path.stat().st_size < 1_000_000
    assert told(path) == "REFUSED: the archive unpacks to more than 200 times its size"


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + b"\0" * 18, b"no archive", b"\x1f\x8b\x08\0" * 9])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "evidence.zip"
    path.write_bytes(content)
    assert re.match(r"REFUSED: (the archive|manifest\.json) cannot be read: ", told(path))


def test_an_archive_that_was_cut_off_is_refused(made: tuple[EvidenceLog, Path], tmp_path: Path) -> None:
    whole = made[1].read_bytes()
    path = tmp_path / "cut.zip"
    for length in range(0, len(whole), len(whole) // 12):
        path.write_bytes(whole[:length])
        assert told(path).startswith("REFUSED: the archive cannot be read: "), length


EVIL = [
    b"reading,sensor=a x=" + b"=".join([b"a" * 12] * 2_000) + b" 1\n",
    b"reading,sensor=a " + b"x=1," * 20_000 + b" 1\n",
    b'reading,sensor=a x="' + b"\\" * 50_000 + b" 1\n",
    b"reading,sensor=" + b"\\," * 50_000 + b" x=1 1\n",
    b"reading,sensor=a temperature=1 " + b"9" * 5_000 + b"\n",
    b"reading,sensor=a temperature=1e" + b"9" * 5_000 + b" 1795376523000\n",
    b"reading,sensor=a temperature=" + b"9" * 400 + b" 1795376523000\n",
    b"reading,sensor=a " + b" " * 50_000 + b"temperature=1 1\n",
    b"\xff\xfe\0\n" * 5_000,
]


@pytest.mark.parametrize("number", range(len(EVIL)))
def test_a_body_that_a_gateway_spoiled_keeps_nobody_busy(folder: Path, number: int) -> None:
    """The gateway's owner is hostile too: what it sealed is no reading, and is passed over at once."""
    last = batches_of(folder)[-1]
    one = seal(FORGER, org=ORGANISATION, run="run-9", seq=1, prev="0" * 64, body=EVIL[number])
    (folder / "batches" / "002-evil-run-9.cc1").write_bytes(one.encode())
    edited(folder, "keys.json", lambda keys: [*keys, _row(FORGER)])
    received(folder, lambda rows: [*rows, [one.hash, FORGER.fingerprint, "run-9", "1", *rows[-1][4:]]])
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"]["batches/002-evil-run-9.cc1"] = ""
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    resigned(folder, BACKEND)
    began = time.process_time()
    said = told(folder)
    assert "consistent; keys not confirmed" in said, said
    assert time.process_time() - began < AT_ONCE_S
    refused = told(folder, last.gateway)
    assert refused == f"REFUSED: batches are sealed by a key that was not given: {FORGER.fingerprint}"


def _row(key: Key) -> dict[str, object]:
    public = b64encode(key.public).decode()
    return {"gateway": "evil", "revoked": [], "public": public, "fingerprint": fingerprint(key.public)}


@pytest.mark.parametrize("form", ["{}", " {} ", "{:.16} {}"])
def test_a_fingerprint_may_be_typed_from_paper(
    made: tuple[EvidenceLog, Path], folder: Path, form: str
) -> None:
    key = made[0].voice.key.fingerprint.upper()
    typed = f"{key[:8]} {key[8:20]} {key[20:]}" if form.count("{") > 1 else form.format(key)
    done = stranger(folder, "--fingerprint", typed)
    assert "consistent; keys confirmed" in done.stdout, done.stderr


def test_a_refusal_is_one_line_and_no_traceback(folder: Path) -> None:
    copy = folder.parent / "copy"
    copytree(folder, copy)
    (copy / "manifest.json").write_text("[" * 100_000, "utf-8")
    done = stranger(copy)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"REFUSED: manifest\.json cannot be read: RecursionError\(.*\)\n", done.stderr)

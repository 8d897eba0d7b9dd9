"""One archive for a stranger: batches as they are, keys, verdicts, what was configured, a report, a script.

The batches are vouched for by their gateways, everything else by the manifest, which the backend signs.
"""

import csv
import tempfile
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import IO, Final

import orjson

from coldchain.errors import InvalidInput
from coldchain.profiles.document import profile_document
from coldchain.quantities import QUANTITIES
from coldchain.seal import Key, encode_public, fingerprint, sign_document
from coldchain.words import Language
from coldchain_backend.evidence import history
from coldchain_backend.evidence.batches import Found, Kept, Progress, Search, Wanted, collect
from coldchain_backend.evidence.cadence import Day, days_of
from coldchain_backend.evidence.claims import claim
from coldchain_backend.evidence.parts import Part, parts_of
from coldchain_backend.evidence.report import Account, report
from coldchain_backend.evidence.revisions import Revision, revisions
from coldchain_backend.ingest import GatewayKey
from coldchain_backend.judging import Answers, Revocation
from coldchain_backend.ledger import Ledger

FORMAT: Final = 2
_WHEN: Final = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What an archive is made from; `known_keys` gives the gateways' keys, in force and past."""

    organisation: str
    ledger: Ledger
    answers: Answers
    known_keys: Callable[[], Sequence[GatewayKey]]
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which zone or asset, and which time; `language` is what the report shows first."""

    zone: str | None
    asset: str | None
    from_ms: int
    to_ms: int
    by: str
    language: Language = Language.EN


def export(source: Source, question: Question, target: Path, now_ms: int, progress: Progress) -> str:
    """Write the archive to `target`; its name. Raises InvalidInput for what there is not, OSError."""
    as_of = source.answers.progress().offset
    zones = zones_of(source.answers, question)
    parts = parts_of(source.answers, zones, question.from_ms, question.to_ms, as_of)
    if not parts:
        raise InvalidInput("no sensor stood in use there in this time: there is nothing to show")
    with tempfile.TemporaryFile(dir=target.parent) as spool:
        told, found = _gathered(source, question, parts, as_of, spool, progress)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            writer = _Writer(archive)
            _batches(writer, found, spool)
            _documents(writer, source, question, told, found, now_ms)
            writer.finish(source.key, source.organisation, now_ms)
    name = question.zone or question.asset or ""
    return f"evidence-{name}-{_day(question.from_ms)}-{_day(question.to_ms)}.zip"


def _gathered(  # noqa: PLR0913, PLR0917 - what a search rests on
    source: Source,
    question: Question,
    parts: Sequence[Part],
    as_of: int,
    spool: IO[bytes],
    progress: Progress,
) -> tuple[list[Revision], Found]:
    """Every verdict, and the batches that all of them rest on: what came late is found in the batches, and an
    earlier verdict may rest on other sensors and an earlier past than the present one."""
    zones, span = zones_of(source.answers, question), (question.from_ms, question.to_ms)
    wanted: set[Wanted] = set()
    needed = set(map(_wanted, parts))
    told: list[Revision] = []
    while not needed <= wanted:
        wanted |= needed
        search = Search(wanted=list(wanted), as_of=as_of, revoked=_revoked(source))
        found = collect(source.ledger, search, spool, progress)
        late = found.received_behind(max(part.until_ms for part in parts))
        told = revisions(source.answers, zones, span, late, as_of)
        needed = {_wanted(part) for one in told for part in one.parts}
    return told, found


def _wanted(part: Part) -> Wanted:
    return Wanted(sensor=part.sensor, from_ms=part.lead_ms, to_ms=part.until_ms)


def _revoked(source: Source) -> dict[str, int]:
    revoked: dict[str, int] = {}
    for act in source.answers.revocations():
        revoked[act.key] = min(act.from_ms, revoked.get(act.key, act.from_ms))
    return revoked


def zones_of(answers: Answers, question: Question) -> list[str]:
    """The zones of a question, that there are or ever were. Raises InvalidInput for others."""
    known = [(asset, zone) for version in answers.fleet().versions for asset, zone in version.plan.zones()]
    found = [zone.id for asset, zone in known if question.zone == zone.id or question.asset == asset.id]
    if not found:
        raise InvalidInput(f"no zone or asset {question.zone or question.asset}")
    return list(dict.fromkeys(found))


class _Writer:
    """Puts files into the archive and remembers their hashes."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._hashes: dict[str, str] = {}

    def add(self, name: str, data: bytes) -> None:
        entry = zipfile.ZipInfo(name, _WHEN)
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        self._archive.writestr(entry, data)
        self._hashes[name] = sha256(data).hexdigest()

    def stream(self, name: str, chunks: Iterable[bytes]) -> None:
        """A file that is too large to hold."""
        entry, total = zipfile.ZipInfo(name, _WHEN), sha256()
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        with self._archive.open(entry, "w", force_zip64=True) as file:
            for chunk in chunks:
                total.update(chunk)
                file.write(chunk)
        self._hashes[name] = total.hexdigest()

    def json(self, name: str, document: object) -> None:
        self.add(name, orjson.dumps(document, option=orjson.OPT_INDENT_2))

    def finish(self, key: Key, organisation: str, now_ms: int) -> None:
        """The manifest, signed over all its other keys as JSON with sorted keys and without blanks."""
        fields: dict[str, object] = {
            "format": FORMAT,
            "kind": "coldchain-evidence",
            "organisation": organisation,
            "made_ms": now_ms,
            "backend_key": encode_public(key.public),
            "files": self._hashes,
        }
        text = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
        fields["signature"] = sign_document(key, "evidence", text)
        self.json("manifest.json", fields)


def _batches(writer: _Writer, found: Found, spool: IO[bytes]) -> None:
    """One file for each run, in the order of its numbers, and the list of when each came."""
    table = StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("hash", "key", "run", "seq", "record", "received_ms", "grade"))
    for number, ((key, run), kept) in enumerate(sorted(found.runs.items()), start=1):
        writer.stream(f"batches/{number:03d}-{key[:8]}-{run}.cc1", _pieces(kept, spool))
        rows.writerows((one.hash, key, run, one.seq, one.record, one.received_ms, one.grade) for one in kept)
    writer.add("received.csv", table.getvalue().encode())


def _pieces(kept: Sequence[Kept], spool: IO[bytes]) -> Iterator[bytes]:
    for one in kept:
        spool.seek(one.position)
        yield spool.read(one.length)


def _documents(  # noqa: PLR0913, PLR0917 - what all documents of one archive are made from
    writer: _Writer, source: Source, question: Question, told: Sequence[Revision], found: Found, now_ms: int
) -> None:
    answers, fleet = source.answers, source.answers.fleet()
    present, parts = told[-1], told[-1].parts
    zones, span = zones_of(answers, question), (question.from_ms, question.to_ms)
    points = sorted({part.place.point.id for part in parts})
    names, acts = {key for key, _ in found.runs}, answers.revocations()
    keys = [_key_row(key, acts) for key in source.known_keys() if fingerprint(key.public) in names]
    keys.append({"gateway": None, "backend": True, "revoked": [], **_public(source.key.public)})
    account = Account(
        organisation=source.organisation,
        zones=zones,
        from_ms=span[0],
        to_ms=span[1],
        made_ms=now_ms,
        by=question.by,
        judged_to=present.as_of,
        outcome=present.outcome,
        parts=parts,
        earlier=told[:-1],
        because=present.because,
        cadence=[(part, list(days_of(part))) for part in parts],
        excursions=history.excursions(answers, points, *span),
        alerts=list(history.stories(answers, points, *span)),
        changes=history.changes(fleet, zones, *span),
        states=list(history.states(fleet, zones, *span)),
        sources=found.sources(),
        holes=[(found.owners[run], run[1], first, last, why) for run, first, last, why in found.holes()],
        forks=[(found.owners[run], run[1], seq) for run, seq in found.forks()],
        keys=keys,
    )
    writer.json("judged.json", {**_heading(account), **_verdict(present)})
    writer.json("keys.json", keys)
    rows = [_cadence_row(part, day) for part, days in account.cadence for day in days]
    writer.json("cadence.json", rows)
    every = [history.excursion_story(answers, one) for one in account.excursions]
    writer.json("excursions.json", every)
    writer.json("verdicts.json", [_verdict(one) for one in told[:-1]])
    writer.json("alerts.json", [history.story_row(one) for one in account.alerts])
    placement = [_placement(part) for part in parts]
    configuration = {"versions": account.changes, "states": account.states, "placement": placement}
    writer.json("configuration.json", configuration)
    writer.json("gaps-in-numbers.json", {"holes": account.holes, "forks": account.forks})
    writer.add("report.html", report(account, question.language).encode())
    script = files("coldchain_backend.evidence").joinpath("stranger", "verify_py").read_bytes()
    writer.add("verify.py", script)


def _heading(account: Account) -> dict[str, object]:
    return {
        "format": FORMAT,
        "zones": account.zones,
        "from_ms": account.from_ms,
        "to_ms": account.to_ms,
        "quantities": {name: [one.kind, one.low, one.high] for name, one in QUANTITIES.items()},
    }


def _verdict(one: Revision) -> dict[str, object]:
    """A verdict as of a record; `not_told` where it can no longer be computed."""
    return {
        "as_of": one.as_of,
        "because": one.because,
        "outcome": one.outcome.value,
        "parts": [_part(part) for part in one.parts],
        "not_told": one.why,
    }


def _part(part: Part) -> dict[str, object]:
    return {
        "point": part.place.point.id,
        "zone": part.place.zone.id,
        "sensor": part.sensor,
        "quantity": part.quantity,
        "from": _iso(part.from_ms),
        "to": _iso(part.to_ms),
        "lead_ms": part.lead_ms,
        "from_ms": part.from_ms,
        "to_ms": part.to_ms,
        "until_ms": part.until_ms,
        "interval_ms": part.interval_ms,
        "time_zone": part.time_zone,
        "grades": [grade.value for grade in part.ranks],
        "certificates": [asdict(one) for one in part.calibrations],
        "profile": profile_document(part.profile),
        "claimed": claim(part.verdict, part.excursions, part.uncertainty),
    }


def _placement(part: Part) -> dict[str, object]:
    certificate = part.certificate
    return {
        "point": part.place.point.id,
        "sensor": part.sensor,
        "from_ms": part.from_ms,
        "to_ms": part.to_ms,
        "profile": f"{part.profile.name} {part.profile.version}",
        "certificate": None if certificate is None else asdict(certificate),
    }


def _cadence_row(part: Part, day: Day) -> dict[str, object]:
    where = {"point": part.place.point.id, "sensor": part.sensor, "quantity": part.quantity}
    return {**where, **asdict(day), "proved": day.proved}


def _key_row(key: GatewayKey, acts: Sequence[Revocation]) -> dict[str, object]:
    mine = fingerprint(key.public)
    return {
        "gateway": key.name,
        "admitted_by": key.by.value,
        "admitted_ms": key.admitted_ms,
        "revoked": [_revoked_row(act) for act in acts if act.key == mine],
        **_public(key.public),
    }


def _revoked_row(act: Revocation) -> dict[str, object]:
    return {
        "record": act.number,
        "from_ms": act.from_ms,
        "from": _iso(act.from_ms),
        "by": act.by,
        "reason": act.reason,
    }


def _public(public: bytes) -> dict[str, object]:
    return {"public": b64encode(public).decode(), "fingerprint": fingerprint(public)}


def _day(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC):%Y%m%d}"


def _iso(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"

"""Evidence of a small organisation: a zone with two points, a warm hour, late readings, a hole, a fork."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from hashlib import sha256
from importlib.machinery import SourceFileLoader
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

from coldchain.seal import Key, encode_public, sign_document
from coldchain_backend.evidence import Question, Source, export
from coldchain_backend.fleet import Plan
from coldchain_backend.ingest import GatewayKey
from coldchain_backend.ingest.keys import AdmittedBy
from coldchain_backend.ledger import act_record
from support.judged_log import HOUR, MINUTE, ORGANISATION, T0, Log, plan

BACKEND = Key.from_seed(b"b" * 32)


class EvidenceLog(Log):
    """A log with an archive to be made from it."""

    def source(self) -> Source:
        """What archives are made from."""
        key = GatewayKey(name="gw", public=self.voice.key.public, by=AdmittedBy.CODE, admitted_ms=T0)
        return Source(
            organisation=ORGANISATION,
            ledger=self.ledger,
            answers=self.answers,
            known_keys=lambda: [key],
            key=BACKEND,
        )

    def live(self, hours: int = 8, step_ms: int = MINUTE, what: Plan | None = None) -> None:
        """Readings every step; sensor `b` is warm in the fourth hour; some come late, batch 40 never."""
        self.put(act_record("enrol", "admin", {"gateway": "gw", "key": encode_public(self.voice.key.public)}))
        self.fleet(what or plan({"a": step_ms, "b": step_ms}), by="王伟")
        late = []
        for number in range(hours * HOUR // step_ms):
            at_ms = T0 + MINUTE + number * step_ms
            self.at(at_ms)
            warm = 9.5 if 3 * HOUR <= at_ms - T0 < 4 * HOUR else 4.0
            batch = self.voice.batch([("a", at_ms, 4.5 + number % 7 / 10), ("b", at_ms, warm)])
            if 100 <= number < 110:
                late.append(batch)
            elif number != 40:
                self.put(self.voice.record(batch))
        self.put(*(self.voice.record(batch) for batch in late))

    def archive(self, folder: Path, *, to_ms: int = T0 + 7 * HOUR) -> Path:
        """The archive of the zone from half an hour on."""
        question = Question(zone="z", asset=None, from_ms=T0 + HOUR // 2, to_ms=to_ms, by="王伟")
        path = folder / "evidence.zip"
        export(self.source(), question, path, self.clock.wall_ms, lambda _: None)
        return path


def script() -> ModuleType:
    """The stranger's script as a module."""
    path = str(files("coldchain_backend.evidence").joinpath("stranger", "verify_py"))
    loader = SourceFileLoader("stranger", path)
    spec = spec_from_loader("stranger", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def resigned(folder: Path, key: Key) -> None:
    """A manifest anew over the files as they are, by whoever has `key`."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest.pop("signature")
    manifest["backend_key"] = encode_public(key.public)
    manifest["files"] = {name: sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    manifest["signature"] = sign_document(key, "evidence", text)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def unpacked(archive: Path, folder: Path) -> Path:
    """The archive's files in a folder."""
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    return folder


def stranger(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The archive's own script on a bare Python: no site packages, no environment, nothing of ours."""
    program = [sys.executable, "-I", "-S", str(folder / "verify.py"), *arguments]
    return subprocess.run(program, check=False, capture_output=True, text=True, env={}, timeout=120)

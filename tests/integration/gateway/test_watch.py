"""The watch bundle over HTTP and HTTPS: fetched when its version changes, verified, kept, used offline."""

import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain.seal import Key
from coldchain.watch import WatchBundle, make_envelope
from coldchain_gateway.clock_trust import ClockTrust
from coldchain_gateway.uplink import (
    Connection,
    Endpoint,
    PinnedKey,
    Tls,
    Unreachable,
    WatchFetcher,
    bundle_on_disk,
)
from coldchain_gateway.uplink.watch import WATCH_FILE
from coldchain_runtime.clock import SystemClock
from support import parts
from support.backend_sink import BackendSink

BUNDLE = WatchBundle(
    version="v1", organisation="demo", gateway="gw-1", made_ms=1_795_376_523_000, sensors=(), profiles=()
)


@pytest.fixture
def sink() -> Iterator[BackendSink]:
    with BackendSink() as running:
        running.bundle = BUNDLE
        yield running


class Fetching:
    """A fetcher with what it loaded."""

    def __init__(self, folder: Path, url: str, ca_file: Path | None = None) -> None:
        clock = SystemClock()
        self.trust = ClockTrust(clock, lambda: False)
        self.pinned = PinnedKey(folder)
        self.loaded: list[str] = []
        self.connection = Connection(Endpoint.parse(url, Tls(ca_file)), clock, lambda: "sesame")
        self.fetcher = WatchFetcher(
            connection=self.connection,
            trust=self.trust,
            pinned=self.pinned,
            data_dir=folder,
            current=None,
        )
        self.fetcher.loaded = lambda bundle: self.loaded.append(bundle.version)

    def fetch(self) -> bool:
        try:
            return self.fetcher.fetch()
        finally:
            self.connection.close()


def test_it_is_fetched_once_per_version_and_its_answers_date_is_trusted(
    tmp_path: Path, sink: BackendSink
) -> None:
    fetching = Fetching(tmp_path, sink.url)
    assert fetching.trust.offset_ms() is None
    assert fetching.fetch()
    assert fetching.fetch()
    assert fetching.loaded == ["v1"]
    assert fetching.trust.offset_ms() is not None
    sink.bundle = replace(BUNDLE, version="v2")
    assert fetching.fetch()
    assert fetching.loaded == ["v1", "v2"]
    assert bundle_on_disk(tmp_path, fetching.pinned) == replace(BUNDLE, version="v2")


def test_the_first_key_is_pinned_and_another_refused(tmp_path: Path, sink: BackendSink) -> None:
    fetching = Fetching(tmp_path, sink.url)
    fetching.fetch()
    assert fetching.pinned.fingerprint() == sink.key.fingerprint
    sink.key = Key.generate()
    sink.bundle = replace(BUNDLE, version="v2")
    assert not fetching.fetch()
    assert fetching.loaded == ["v1"]


def test_what_lies_on_the_disk_is_verified_too(tmp_path: Path, sink: BackendSink) -> None:
    fetching = Fetching(tmp_path, sink.url)
    fetching.fetch()
    (tmp_path / WATCH_FILE).write_bytes(make_envelope(replace(BUNDLE, version="forged"), Key.generate()))
    assert bundle_on_disk(tmp_path, fetching.pinned) is None


def test_an_unreachable_backend_costs_nothing(tmp_path: Path) -> None:
    assert not Fetching(tmp_path, "http://127.0.0.1:9").fetch()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    openssl = parts.require("openssl")
    made = tmp_path / "cert.pem"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(made), "-days", "2"]
    subprocess.run([openssl, "req", "-x509", *key, *subject, *files], check=True, capture_output=True)
    return made


def test_https_needs_the_authority_that_the_file_names(tmp_path: Path, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, tmp_path / "key.pem")
    with BackendSink(tls=context) as sink:
        sink.bundle = BUNDLE
        assert Fetching(tmp_path, sink.url, certificate).fetch()
        stranger = Connection(Endpoint.parse(sink.url), SystemClock(), lambda: None)
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            stranger.request("GET", "/", None, {})

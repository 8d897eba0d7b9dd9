"""Certificates for tests over TLS: self-signed for localhost, valid between any two instants."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from support import parts

CONFIG = """\
[ca]
default_ca = made
[made]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
unique_subject = no
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = DNS:localhost,IP:127.0.0.1
basicConstraints = critical,CA:true
[req]
distinguished_name = nobody
prompt = no
[nobody]
CN = localhost
"""
TIME = "%Y%m%d%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Where the files are."""

    cert: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        """What a server presents it with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


def certificate(folder: Path, *, begins: datetime, ends: datetime) -> Certificate:
    """Make one, which is its own authority; needs the command openssl."""
    config, asked = folder / "openssl.cnf", folder / "asked.pem"
    files = Certificate(cert=folder / "cert.pem", key=folder / "key.pem")
    config.write_text(CONFIG.format(folder=folder))
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(files.key)]
    _openssl("req", "-new", "-config", str(config), *key, "-out", str(asked))
    dates = ["-startdate", begins.strftime(TIME), "-enddate", ends.strftime(TIME)]
    signed = ["-selfsign", "-keyfile", str(files.key), "-in", str(asked), "-out", str(files.cert)]
    _openssl("ca", "-batch", "-notext", "-config", str(config), *dates, *signed)
    return files


def _openssl(*arguments: str) -> None:
    subprocess.run([parts.require("openssl"), *arguments], check=True, capture_output=True)


def days_from_now(days: int) -> datetime:
    """An instant for `begins` or `ends`."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
